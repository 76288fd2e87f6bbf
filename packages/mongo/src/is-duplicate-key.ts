const DUPLICATE_KEY_CODE = 11000;

/**
 * Whether an error says that a unique index already holds the key (MongoDB code 11000), also inside a bulk write.
 * @param error anything that was thrown
 * @param indexedField when given, only a clash on an index that contains this field counts
 */
export function isDuplicateKey(error: unknown, indexedField?: string): boolean {
  if (
    typeof error !== 'object' ||
    error === null ||
    !('code' in error) ||
    error.code !== DUPLICATE_KEY_CODE
  ) {
    return false;
  }
  if (indexedField === undefined) {
    return true;
  }
  const pattern = 'keyPattern' in error ? error.keyPattern : undefined;
  return typeof pattern === 'object' && pattern !== null && Object.hasOwn(pattern, indexedField);
}
