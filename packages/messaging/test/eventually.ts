/**
 * Waits until a condition holds.
 * @param probe gives a value, or undefined or false while it does not hold yet
 * @param what named when time runs out
 * @param timeoutMs longest wait in milliseconds
 * @returns the value
 */
export async function eventually<Value>(
  probe: () => Value | Promise<Value>,
  what: string,
  timeoutMs = 60_000,
): Promise<Exclude<Value, false | undefined>> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) {
      return value as Exclude<Value, false | undefined>;
    }
    if (performance.now() >= giveUpAt) {
      throw new Error(`Not within ${String(timeoutMs)} ms: ${what}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
