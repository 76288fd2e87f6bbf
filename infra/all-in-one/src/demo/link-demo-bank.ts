import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

/** A British bank, because the demo's main back end counts in pounds. */
const INSTITUTION = 'ins_117650';
const POLL_MS = 150;

const PublicToken = z.object({ public_token: z.string() });
const Linked = z.object({ item_id: z.string() });
const Item = z.object({ status: z.string(), transactionCount: z.int() });

interface LinkParts {
  gatewayUrl: string;
  /** Signs the demo's person in. */
  headers: Record<string, string>;
  patienceMs: number;
  progress(text: string): void;
}

/**
 * Links a bank of the local stand-in for Plaid through the public API, as an app would, and waits for its two years of
 * transactions. Linking it twice gives the first link again.
 * @param parts where and for whom
 * @returns number of transactions
 * @throws Error when the constellation refuses the link or does not finish it
 */
export async function linkDemoBank(parts: LinkParts): Promise<number> {
  const call = async <Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    body?: object,
  ): Promise<z.output<Schema>> => {
    const response = await fetch(`${parts.gatewayUrl}${path}`, {
      headers: { ...parts.headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (!response.ok) {
      throw new Error(`${path} of the demo's bank answered with ${String(response.status)}`);
    }
    return schema.parse(await response.json());
  };

  parts.progress('Demo data: linking a bank');
  const token = await call(PublicToken, '/api/create_sandbox_token', { institution_id: INSTITUTION });
  const { item_id: itemId } = await call(Linked, '/api/exchange_token', token);
  const deadline = Date.now() + parts.patienceMs;
  for (;;) {
    const item = await call(Item, `/v1/items/${itemId}`);
    parts.progress(
      `Demo data: ${String(item.transactionCount)} transactions of two years read from the bank`,
    );
    if (item.status === 'healthy') {
      return item.transactionCount;
    }
    if (Date.now() > deadline) {
      throw new Error(`the demo's bank did not get beyond ${item.status}; see the log`);
    }
    await pause(POLL_MS);
  }
}
