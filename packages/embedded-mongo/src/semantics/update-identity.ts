import { isArray, isDocument, typeName, valuesEqual } from './values.ts';
import { asDouble, numericKind } from './aggregate-arithmetic.ts';

/**
 * True when storing `b` in place of `a` would not change a byte: same type, same value, same field order.
 * Stricter than equality in queries, where int32 1 equals double 1.0.
 */
export function identicalValues(a: unknown, b: unknown): boolean {
  if (a === b && typeof a !== 'number') {
    return true;
  }
  if (typeof a === 'string' || typeof b === 'string') {
    return a === b;
  }
  if (isArray(a)) {
    return isArray(b) && a.length === b.length && a.every((item, index) => identicalValues(item, b[index]));
  }
  if (isDocument(a)) {
    if (!isDocument(b)) {
      return false;
    }
    const left = Object.entries(a);
    const right = Object.entries(b);
    return (
      left.length === right.length &&
      left.every(([name, value], index) => {
        const other = right[index];
        return other !== undefined && other[0] === name && identicalValues(value, other[1]);
      })
    );
  }
  const kind = numericKind(a);
  if (kind !== undefined) {
    if (kind !== numericKind(b)) {
      return false;
    }
    return kind === 'double' ? Object.is(asDouble(a), asDouble(b)) : String(a) === String(b);
  }
  return typeName(a) === typeName(b) && valuesEqual(a, b);
}
