/** An error as far as we read it. `instanceof Error` misses those of another realm and `DOMException`. */
export interface ErrorLike {
  name: string;
  message: string;
  stack?: unknown;
  code?: unknown;
  cause?: unknown;
}

/**
 * Whether a thrown value can be read as an error.
 * @param value what was thrown
 */
export const isErrorLike = (value: unknown): value is ErrorLike =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'message' in value &&
  typeof value.message === 'string';
