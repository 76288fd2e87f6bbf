import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Constellation } from '../e2e/constellation.ts';
import { statementOf, type Person } from './people.ts';
import type { LedgerPayment } from './questions.ts';

const PATIENCE_MS = 120_000;
const Page = z.object({
  data: z.array(
    z.object({
      date: z.string(),
      description: z.string(),
      amount: z.object({ amount: z.string() }),
      category: z.object({ slug: z.string() }).nullable(),
    }),
  ),
  page: z.object({ nextCursor: z.string().nullable() }),
});
type Row = z.output<typeof Page>['data'][number];

async function readLedger(orrery: Constellation, person: Person): Promise<Row[]> {
  const headers = orrery.signIn(person.userId);
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const reply = await fetch(`${orrery.url}/v1/transactions?limit=500${query}`, { headers });
    const page = Page.parse(await reply.json());
    rows.push(...page.data);
    cursor = page.page.nextCursor;
  } while (cursor !== null);
  return rows;
}

/**
 * Imports a person's file and waits until the ledger has it.
 * @param orrery a running constellation
 * @param person whose
 * @returns the payments of the file with the categories of the ledger
 */
export async function settle(orrery: Constellation, person: Person): Promise<LedgerPayment[]> {
  const form = new FormData();
  form.set('file', new File([statementOf(person)], 'statement.csv', { type: 'text/csv' }));
  form.set('currency', person.currency);
  form.set('account', 'Current account');
  const imported = await fetch(`${orrery.url}/v1/imports`, {
    method: 'POST',
    headers: orrery.signIn(person.userId),
    body: form,
  });
  if (!imported.ok) {
    throw new Error(`the import was refused: ${await imported.text()}`);
  }
  const deadline = Date.now() + PATIENCE_MS;
  let rows: Row[] = [];
  while (rows.length < person.payments.length) {
    if (Date.now() > deadline) {
      throw new Error(`only ${String(rows.length)} of ${String(person.payments.length)} payments arrived`);
    }
    await pause(200);
    rows = await readLedger(orrery, person);
  }
  // The category is the ledger's, everything else the bank's: amounts are never taken from the product.
  const categoryOf = new Map(rows.map(({ description, category }) => [description, category?.slug ?? null]));
  return person.payments.map((payment) => ({
    ...payment,
    category: categoryOf.get(payment.description) ?? null,
  }));
}

/** What was said to a question. */
export interface Said {
  text: string;
  tools: string[];
  conversationId: string;
  ms: number;
}

/**
 * Asks one question through the gateway.
 * @param orrery a running constellation
 * @param userId who asks
 * @param message the question
 * @param conversationId undefined for a new conversation
 */
export async function ask(
  orrery: Constellation,
  userId: string,
  message: string,
  conversationId: string | undefined,
): Promise<Said> {
  const startedAt = performance.now();
  const reply = await fetch(`${orrery.url}/v1/chat/messages`, {
    method: 'POST',
    headers: { ...orrery.signIn(userId), 'content-type': 'application/json' },
    body: JSON.stringify({ message, ...(conversationId === undefined ? {} : { conversationId }) }),
  });
  const events = (await reply.text()).split('\n\n').map((block) => ({
    event: /^event: (.*)$/m.exec(block)?.[1] ?? '',
    data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}') as Record<string, unknown>,
  }));
  const ms = performance.now() - startedAt;
  const named = (event: string) => events.filter((each) => each.event === event).map(({ data }) => data);
  return {
    text: String(named('done')[0]?.['text'] ?? ''),
    tools: named('tool').map(({ name }) => String(name)),
    conversationId: String(named('meta')[0]?.['conversationId'] ?? ''),
    ms,
  };
}
