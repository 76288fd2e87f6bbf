import { Decimal128, Double, Int32, Long, ObjectId } from 'mongodb';

/**
 * Readers for single fields of documents that another program wrote without validation: old rows hold numbers and
 * dates as text, and an update there may have put any value anywhere. Each returns undefined for what it cannot read.
 */

/** A finite number from a BSON number or numeric text. */
export function readNumber(value: unknown): number | undefined {
  if (value instanceof Int32 || value instanceof Double) {
    return readNumber(value.valueOf());
  }
  if (value instanceof Long) {
    return readNumber(value.toNumber());
  }
  if (value instanceof Decimal128) {
    return readNumber(value.toString());
  }
  if (typeof value === 'string' && /^\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/.test(value)) {
    return readNumber(Number(value));
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** An instant from a Date or from ISO text. */
export function readInstant(value: unknown): Date | undefined {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? undefined : value;
  }
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value)) {
    return readInstant(new Date(value));
  }
  return undefined;
}

/** The UTC calendar day `YYYY-MM-DD` of a Date or ISO text; the main back end's financial days are UTC days. */
export function readDay(value: unknown): string | undefined {
  return readInstant(value)?.toISOString().slice(0, 10);
}

/** Text, or undefined for anything else. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A reference as 24 hex characters, from an ObjectId or from text (older rows). */
export function readReference(value: unknown): string | undefined {
  if (value instanceof ObjectId) {
    return value.toHexString();
  }
  return typeof value === 'string' && /^[0-9a-fA-F]{24}$/.test(value) ? value.toLowerCase() : undefined;
}
