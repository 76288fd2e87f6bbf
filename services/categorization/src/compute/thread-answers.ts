/** A thread's answer to one request; `error` is a text because errors lose their class on the way. */
export type ThreadAnswer = { id: number; result: unknown } | { id: number; error: string };

/**
 * Runs one request of a thread and packs the outcome.
 * @param id id of the request
 * @param work what to run
 */
export const answerOf = (id: number, work: () => unknown): ThreadAnswer => {
  try {
    return { id, result: work() };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
};
