import { z } from 'zod';
import type { Said } from './answer-request.ts';

/** What can be made to go wrong, for tests. */
export const Fault = z.object({
  kind: z.enum([
    /** The connection ends after some pieces. */
    'cut',
    /** An error status instead of an answer. */
    'status',
    /** A pause before the answer. */
    'slow',
    /** Never answers. */
    'hang',
    /** Words without sense. */
    'nonsense',
    /** Bytes that are no event stream and no JSON. */
    'garbage',
    /** Asks for a tool again and again. */
    'endless-tools',
    /** Asks for `tool`, also when nobody offered it. */
    'unlisted-tool',
    /** Every amount in the answer is another one. */
    'wrong-amounts',
    /** Adds a link and an image to the answer. */
    'link',
    /** Says `text` where it would have worded an answer, as a model does that obeys what it read. */
    'says',
  ]),
  times: z.int().min(1).max(1_000_000).default(1),
  status: z.int().min(400).max(599).default(500),
  retryAfterSeconds: z.int().min(0).max(3_600).optional(),
  delayMs: z.int().min(0).max(120_000).default(0),
  afterPieces: z.int().min(0).max(1_000).default(2),
  tool: z.string().max(64).default('read_all_users'),
  /** Arguments of `tool`, as JSON. */
  toolArguments: z.string().max(1_000).default('{"userId":"somebody-else"}'),
  text: z.string().max(4_000).default(''),
  /** Letters of a streamed piece of `text`; 0 for words. */
  pieceLength: z.int().min(0).max(100).default(0),
});
export type Fault = z.output<typeof Fault>;

/** Faults that wait for the next requests, first come first served. */
export function createFaults() {
  let waiting: Fault[] = [];
  return {
    add(fault: Fault): void {
      waiting.push(fault);
    },
    clear(): void {
      waiting = [];
    },
    /** The fault of the next request, if any. */
    take(): Fault | undefined {
      const [first] = waiting;
      if (first === undefined) {
        return undefined;
      }
      waiting =
        first.times > 1 ? [{ ...first, times: first.times - 1 }, ...waiting.slice(1)] : waiting.slice(1);
      return first;
    },
  };
}

export type Faults = ReturnType<typeof createFaults>;

const otherDigit = (digit: string): string => String((Number(digit) + 3) % 10);

/**
 * What is said instead because of a fault.
 * @param said the right answer
 * @param fault what goes wrong
 */
export function spoiled(said: Said, fault: Fault | undefined): Said {
  switch (fault?.kind) {
    case 'nonsense':
      return { kind: 'text', text: 'The 77 grey £4321.09 whistle, 12% of umbrellas! <b>[x](y)</b>' };
    case 'endless-tools':
      return { kind: 'call', name: 'get_balances', argumentsText: '{}' };
    case 'unlisted-tool':
      return { kind: 'call', name: fault.tool, argumentsText: fault.toolArguments };
    case 'wrong-amounts':
      return said.kind === 'text'
        ? { kind: 'text', text: said.text.replaceAll(/\d(?=[\d.,]*\d)/g, otherDigit) }
        : said;
    case 'says':
      return said.kind === 'text' ? { kind: 'text', text: fault.text, pieceLength: fault.pieceLength } : said;
    case 'link':
      return said.kind === 'text'
        ? {
            kind: 'text',
            text: `Look here ![chart](https://evil.example/x.png) and at https://evil.example/?q=1 now. ${said.text}`,
          }
        : said;
    default:
      return said;
  }
}
