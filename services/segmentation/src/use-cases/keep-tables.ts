import { AppError } from '@orrery/service-kit';
import type { Runtime, TaskThreads } from '@orrery/service-kit';
import type { TRAINING_TASKS } from '../compute/training-tasks.ts';
import type { TableModel } from '../parsing/read-table.ts';
import type { TableStore } from '../store/table-store.ts';

/**
 * Makes the use case of uploaded training rows.
 * @param parts store, threads and transactions
 */
export const createKeepTables = (
  parts: { tables: TableStore; threads: TaskThreads<typeof TRAINING_TASKS> } & Pick<
    Runtime<unknown>,
    'inTransaction'
  >,
) => ({
  /**
   * Puts a table in the place of the rows that a model learns from.
   * @param model the model
   * @param bytes a CSV file
   * @throws AppError `validation-failed` that says what is wrong with the file
   */
  async replace(model: TableModel, bytes: Uint8Array): Promise<void> {
    const outcome = await parts.threads.run('readTable', model, bytes);
    if (outcome.problem !== undefined) {
      throw new AppError('validation-failed', { fields: [{ field: 'file', message: outcome.problem }] });
    }
    const { rows, values } = outcome;
    await parts.inTransaction((session) =>
      parts.tables.replace(model, { rows, columns: values.length / rows, values }, session),
    );
  },
});

export type KeepTables = ReturnType<typeof createKeepTables>;
