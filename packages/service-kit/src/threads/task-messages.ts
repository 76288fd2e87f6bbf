/** Work that a thread can do, by name. Arguments and results cross a thread boundary, so they are plain data. */
export type Tasks = Readonly<Record<string, (...input: never[]) => unknown>>;

/** One task for a thread. */
export interface TaskRequest {
  id: number;
  name: string;
  input: readonly unknown[];
}

/** A thread's answer to one request. An error arrives without its class, but with name, message, stack and cause. */
export type TaskAnswer = { id: number; result: unknown } | { id: number; error: unknown };
