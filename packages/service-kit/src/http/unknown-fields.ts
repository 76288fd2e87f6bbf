import { z } from 'zod';

type Schema = z.core.$ZodType;
type Path = readonly (string | number)[];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const inObject = (schema: z.ZodObject, value: Record<string, unknown>, path: Path): Path[] => {
  const { shape, catchall } = schema.def;
  return Object.keys(value).flatMap((key) => {
    const known = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (known !== undefined) {
      return unknownFields(known, value[key], [...path, key]);
    }
    return catchall === undefined ? [[...path, key]] : [];
  });
};

const inUnion = (options: readonly Schema[], value: unknown, path: Path): Path[] => {
  const fitting = options.filter((option) => z.safeParse(option, value).success);
  const findings = fitting.map((option) => unknownFields(option, value, path));
  return (
    findings.reduce<Path[] | undefined>(
      (fewest, each) => (fewest === undefined || each.length < fewest.length ? each : fewest),
      undefined,
    ) ?? []
  );
};

/**
 * Paths of fields in an input that its schema does not declare, at any depth. Zod would drop them in silence, and a
 * caller who misspelt an optional field would never learn it. Loose and strict objects decide for themselves.
 * @param schema what the input should be
 * @param value the input, as it came
 * @param path where the value stands
 */
export const unknownFields = (schema: Schema, value: unknown, path: Path = []): Path[] => {
  if (schema instanceof z.ZodObject) {
    return isRecord(value) ? inObject(schema, value, path) : [];
  }
  if (schema instanceof z.ZodArray) {
    return Array.isArray(value)
      ? value.flatMap((item, index) => unknownFields(schema.def.element, item, [...path, index]))
      : [];
  }
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return unknownFields(schema.def.innerType, value, path);
  }
  if (schema instanceof z.ZodPipe) {
    return unknownFields(schema.def.in, value, path);
  }
  if (schema instanceof z.ZodUnion) {
    return inUnion(schema.def.options, value, path);
  }
  if (schema instanceof z.ZodRecord) {
    return isRecord(value)
      ? Object.entries(value).flatMap(([key, item]) =>
          unknownFields(schema.def.valueType, item, [...path, key]),
        )
      : [];
  }
  if (schema instanceof z.ZodLazy) {
    return unknownFields(schema.def.getter(), value, path);
  }
  return [];
};
