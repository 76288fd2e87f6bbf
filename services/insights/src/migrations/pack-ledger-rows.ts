import type { Migration } from '@orrery/mongo';
import { inTransaction } from '@orrery/mongo';
import { createBundleStore } from '../store/bundle-store.ts';
import { createLedgerStore } from '../store/ledger-store.ts';

/** Packs the rows of ledgers that were filled before rows were packed, and drops the marks of that time. */
export const packLedgerRows: Migration = {
  id: '001-pack-ledger-rows',
  run: async (connection) => {
    const ledger = createLedgerStore(connection, createBundleStore(connection));
    await ledger.prepare();
    await connection.collection('analysis_marks').deleteMany({ userId: { $exists: false } });
    for await (const userId of ledger.users()) {
      for (const month of await ledger.months(userId)) {
        await inTransaction(connection, (session) => ledger.repack(userId, month, session));
      }
    }
  },
};
