const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([key, member]) => [key, sorted(member)]),
    );
  }
  return value;
};

/**
 * JSON as Plaid sends it: two spaces, keys in alphabetical order.
 * @param value anything that JSON can hold; undefined members are left out
 */
export const encodeJson = (value: unknown): string => JSON.stringify(sorted(value), null, 2);
