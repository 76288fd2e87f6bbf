import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';

/** Long values are cut here so that an error text cannot grow with the document. */
const MAX_LENGTH = 2000;

function describe(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') {
    return String(value);
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[ ${value.map(describe).join(', ')} ]`;
  }
  if (value instanceof Int32 || value instanceof Double || value instanceof Long) {
    return value instanceof Double && Number.isInteger(value.value)
      ? value.value.toFixed(1)
      : value.toString();
  }
  if (value instanceof Decimal128) {
    return `NumberDecimal('${value.toString()}')`;
  }
  if (value instanceof ObjectId) {
    return `ObjectId('${value.toHexString()}')`;
  }
  if (value instanceof Date) {
    return `new Date(${value.getTime()})`;
  }
  if (value instanceof BSONRegExp) {
    return `/${value.pattern}/${value.options}`;
  }
  if (value instanceof RegExp) {
    return String(value);
  }
  if (value instanceof Timestamp) {
    return `Timestamp(${value.getHighBitsUnsigned()}, ${value.getLowBitsUnsigned()})`;
  }
  if (value instanceof Binary) {
    return `BinData(${value.sub_type}, ${value.toString('hex').toUpperCase()})`;
  }
  if (value instanceof MinKey) {
    return 'MinKey';
  }
  if (value instanceof MaxKey) {
    return 'MaxKey';
  }
  if (value instanceof Code) {
    return String(value.code);
  }
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${describe(inner)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** A value as MongoDB writes it in error texts, for example `{ a: 1, b: "x" }`; cut after 2,000 characters. */
export function describeValue(value: unknown): string {
  const text = describe(value);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text;
}

/** A field with its value as MongoDB writes it in error texts, for example `{a: 1}`. */
export function describeField(name: string, value: unknown): string {
  return `{${name}: ${describeValue(value)}}`;
}
