/** A scraper gives up after ten seconds; figures of a server that hangs are left out long before. */
const PATIENCE_MS = 3_000;

/**
 * What a figure is read from, or `otherwise` when that fails or takes too long: one silent server must not take all
 * other figures of a service with it.
 * @param read the question
 * @param otherwise the answer that leaves the figure out
 */
export async function readInTime<Value>(read: () => Promise<Value>, otherwise: Value): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Value>((resolve) => {
    timer = setTimeout(() => {
      resolve(otherwise);
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([read(), late]);
  } catch {
    return otherwise;
  } finally {
    clearTimeout(timer);
  }
}
