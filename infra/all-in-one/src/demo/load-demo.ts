import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { z } from 'zod';
import { bankStatement, statementCsv } from './bank-statement.ts';
import { linkDemoBank } from './link-demo-bank.ts';
import { DEMO_USERS, writeMainBackendDemo } from './main-backend-users.ts';
import { awaitTrainings, startTrainings } from './train-models.ts';

const STATEMENT_DAYS = 730;
const MARKER = 'demo-loaded.json';
const POLL_MS = 250;
const PATIENCE_MS = 120_000;

const ImportState = z.object({
  id: z.string(),
  status: z.enum(['processing', 'completed', 'failed']),
  added: z.int(),
  rows: z.int(),
});

export interface DemoParts {
  gatewayUrl: string;
  dataDirectory: string;
  /** The main back end's database. */
  mainBackend: Db;
  /** Signs a user token for one of the demo's people. */
  tokenOf(user: (typeof DEMO_USERS)[number]): string;
  now: Date;
  /** The local stand-in for Plaid runs, so that a bank can be linked; else a bank file is imported. */
  hasLocalBank: boolean;
  progress(text: string): void;
}

/**
 * Loads the demo on the first start through the public API: the main back end's users, a linked bank with two years of
 * transactions, or such a bank's file, and a trained segment model of each kind. A load that was interrupted is taken up
 * again; doing it twice adds nothing.
 * @param parts where and with what
 * @throws Error when the constellation refuses the import or does not finish it
 */
export async function loadDemo(parts: DemoParts): Promise<void> {
  const marker = join(parts.dataDirectory, MARKER);
  if (await isReadable(marker)) {
    return;
  }
  parts.progress('Demo data: users of the main back end');
  await writeMainBackendDemo(parts.mainBackend, parts.now);
  const [alex, , admin] = DEMO_USERS;
  const asAdmin = { ...parts, token: parts.tokenOf(admin) };
  const trainings = await startTrainings(asAdmin, ['customers', 'shopping-personas']);
  const headers = { authorization: `Bearer ${parts.tokenOf(alex)}` };
  const rows = parts.hasLocalBank
    ? await linkDemoBank({ ...parts, headers, patienceMs: PATIENCE_MS })
    : await importDemoFile(parts, headers);
  await awaitLedger(parts, headers, rows);
  await awaitTrainings(asAdmin, trainings);
  await awaitTrainings(asAdmin, await startTrainings(asAdmin, ['spending']));
  await adviseDemoUsers(parts, headers);
  await writeFile(marker, JSON.stringify({ rows, loadedAt: new Date().toISOString() }));
}

async function importDemoFile(parts: DemoParts, headers: Record<string, string>): Promise<number> {
  const lines = bankStatement(parts.now.toISOString().slice(0, 10), STATEMENT_DAYS, 20_26);
  return (await importStatement(parts, headers, statementCsv(lines))).rows;
}

const Suggested = z.object({ suggestions: z.array(z.unknown()) });

/** Starts what otherwise happens at night, so that the first look at suggestions and alerts is not an empty one. */
async function adviseDemoUsers(parts: DemoParts, headers: Record<string, string>): Promise<void> {
  const [, , admin] = DEMO_USERS;
  parts.progress('Demo data: suggestions and alerts');
  const started = await fetch(`${parts.gatewayUrl}/admin/run-analysis`, {
    method: 'POST',
    headers: { authorization: `Bearer ${parts.tokenOf(admin)}` },
  });
  if (!started.ok) {
    throw new Error(`the first advice was refused with ${started.status}`);
  }
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const response = await fetch(`${parts.gatewayUrl}/suggestions`, { headers });
    if (Suggested.parse(await response.json()).suggestions.length > 0) {
      return;
    }
    await patience(deadline);
  }
}

async function isReadable(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}

async function readState(response: Response): Promise<z.output<typeof ImportState>> {
  if (!response.ok) {
    throw new Error(`the demo import was refused with ${response.status}`);
  }
  return ImportState.parse(await response.json());
}

async function importStatement(
  parts: DemoParts,
  headers: Record<string, string>,
  csv: string,
): Promise<z.output<typeof ImportState>> {
  const form = new FormData();
  form.set('file', new File([csv], 'current-account.csv', { type: 'text/csv' }));
  form.set('currency', 'GBP');
  form.set('account', 'Current account');
  let state = await readState(
    await fetch(`${parts.gatewayUrl}/v1/imports`, { method: 'POST', headers, body: form }),
  );
  const deadline = Date.now() + PATIENCE_MS;
  while (state.status === 'processing') {
    parts.progress(`Demo data: two years of bank transactions, ${state.added} stored`);
    await patience(deadline);
    state = await readState(await fetch(`${parts.gatewayUrl}/v1/imports/${state.id}`, { headers }));
  }
  if (state.status === 'failed') {
    throw new Error('the demo import failed; see the log');
  }
  return state;
}

const LedgerPage = z.object({
  data: z.array(z.unknown()),
  page: z.object({ nextCursor: z.string().nullable() }),
});

async function countLedger(parts: DemoParts, headers: Record<string, string>): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const response = await fetch(`${parts.gatewayUrl}/v1/transactions?limit=500${query}`, { headers });
    const page = LedgerPage.parse(await response.json());
    count += page.data.length;
    cursor = page.page.nextCursor;
  } while (cursor !== null);
  return count;
}

/** Waits until the transactions have come out at the other end: categorised and in the ledger. */
async function awaitLedger(parts: DemoParts, headers: Record<string, string>, rows: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const count = await countLedger(parts, headers);
    parts.progress(`Demo data: ${count} of ${rows} transactions categorised`);
    if (count >= rows) {
      return;
    }
    await patience(deadline);
  }
}

async function patience(deadline: number): Promise<void> {
  if (Date.now() > deadline) {
    throw new Error('the demo data did not arrive within two minutes; see the log');
  }
  await pause(POLL_MS);
}
