import { z } from 'zod';

/** What a setting's `.meta()` may say beside its `description`. */
export interface SettingMeta {
  description?: string | undefined;
  /** Never printed, in no document and no message. */
  secret?: boolean | undefined;
  /** Production has to give it; the default serves development only. */
  requiredInProduction?: boolean | undefined;
  /** Production must not give it. */
  refusedInProduction?: boolean | undefined;
}

/** One setting, as documents show it. */
export interface SettingDescription {
  name: string;
  type: string;
  meaning: string;
  /** Text of the default; undefined when there is none. */
  defaultText: string | undefined;
  required: boolean;
  secret: boolean;
  requiredInProduction: boolean;
}

/** Settings that cannot be used; `problems` has one plain sentence for each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  /** @param problems one sentence for each setting at fault */
  constructor(problems: readonly string[]) {
    super(`The settings are not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

// Values that stand in samples and tutorials; a secret that everybody knows is none.
const SAMPLE_SECRETS = /^(changeme|change-me|secret|password|admin123|your-.*|development-.*|test-.*)$/i;

/** A switch: 1, true, yes, on or 0, false, no, off. */
export const onOff = z.stringbool({ truthy: ['1', 'true', 'yes', 'on'], falsy: ['0', 'false', 'no', 'off'] });

const innerOf = (schema: z.core.$ZodType): z.core.$ZodType | undefined =>
  schema instanceof z.ZodDefault ||
  schema instanceof z.ZodPrefault ||
  schema instanceof z.ZodOptional ||
  schema instanceof z.ZodNullable ||
  schema instanceof z.ZodReadonly
    ? schema.def.innerType
    : undefined;

const SettingMetaSchema = z.object({
  description: z.string().optional(),
  secret: z.boolean().optional(),
  requiredInProduction: z.boolean().optional(),
  refusedInProduction: z.boolean().optional(),
});

const metaOf = (schema: z.core.$ZodType): SettingMeta => {
  const inner = innerOf(schema);
  const own = schema instanceof z.ZodType ? SettingMetaSchema.parse(schema.meta() ?? {}) : {};
  return { ...(inner === undefined ? {} : metaOf(inner)), ...own };
};

const defaultOf = (schema: z.core.$ZodType): unknown => {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return schema.def.defaultValue;
  }
  const inner = innerOf(schema);
  return inner === undefined ? undefined : defaultOf(inner);
};

const typeOf = (schema: z.core.$ZodType): string => {
  const inner = innerOf(schema);
  if (inner !== undefined) {
    return typeOf(inner);
  }
  if (schema instanceof z.ZodEnum) {
    return schema.options.join(' | ');
  }
  if (schema instanceof z.ZodNumber) {
    return schema.format === 'safeint' ? 'integer' : 'number';
  }
  if (schema instanceof z.ZodURL) {
    return 'URL';
  }
  if (schema instanceof z.ZodPipe) {
    // `stringbool` is a pipe that ends in a boolean; other pipes are known by what is written in the environment.
    return schema.def.out instanceof z.ZodBoolean ? '0 | 1' : typeOf(schema.def.in);
  }
  return 'text';
};

const isOptional = (schema: z.core.$ZodType): boolean => z.safeParse(schema, undefined).success;

/**
 * The environment variable that a setting of a service is read from: `<SERVICE>_<NAME>` wins over `<NAME>`, so that
 * several services in one process can differ. An empty value counts as not given.
 * @param environment variables
 * @param service name of the service
 * @param name name of the setting
 */
export const readSetting = (environment: Environment, service: string, name: string): string | undefined => {
  const own = environment[`${service.toUpperCase().replaceAll('-', '_')}_${name}`];
  const value = own === undefined || own === '' ? environment[name] : own;
  return value === '' ? undefined : value;
};

const productionProblem = (
  name: string,
  value: string | undefined,
  meta: SettingMeta,
): string | undefined => {
  if (meta.refusedInProduction === true && value !== undefined) {
    return `${name} must not be set in production`;
  }
  if (meta.requiredInProduction === true && value === undefined) {
    return `${name} must be set in production: ${meta.description ?? 'it has no safe default'}`;
  }
  if (meta.secret === true && value !== undefined && SAMPLE_SECRETS.test(value)) {
    return `${name} is a sample value; production needs a secret of its own`;
  }
  return undefined;
};

/**
 * Reads the settings of a service. Everything that is wrong is reported at once, in plain words and without values.
 * @param schema object schema whose keys are the names of the settings
 * @param environment variables, for instance `process.env`
 * @param service name of the service
 * @throws ConfigError with one sentence per problem
 */
export const loadConfig = <Schema extends z.ZodType>(
  schema: Schema,
  environment: Environment,
  service: string,
): z.output<Schema> => {
  const shape: z.core.$ZodLooseShape = schema instanceof z.ZodObject ? schema.shape : {};
  const raw: Record<string, string> = {};
  const problems: string[] = [];
  for (const [name, setting] of Object.entries(shape)) {
    const value = readSetting(environment, service, name);
    if (value !== undefined) {
      raw[name] = value;
    }
    const problem =
      environment['NODE_ENV'] === 'production' ? productionProblem(name, value, metaOf(setting)) : undefined;
    if (problem !== undefined) {
      problems.push(problem);
    }
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const [first] = issue.path;
      const name = first === undefined ? 'The settings' : String(first);
      const isMissing = first !== undefined && raw[name] === undefined;
      problems.push(
        isMissing
          ? `${name} is missing: ${metaOf(shape[name] ?? schema).description ?? 'it has no default'}`
          : `${name} ${issue.message}`,
      );
    }
  }
  if (!parsed.success || problems.length > 0) {
    throw new ConfigError([...new Set(problems)]);
  }
  return parsed.data;
};

/**
 * Describes the settings of a schema, for `.env.example` and the tables in README files. Secrets show no default.
 * @param schema object schema whose keys are the names of the settings
 */
export const describeConfig = (schema: z.ZodType): SettingDescription[] => {
  const shape: z.core.$ZodLooseShape = schema instanceof z.ZodObject ? schema.shape : {};
  return Object.entries(shape).map(([name, setting]: [string, z.core.$ZodType]) => {
    const meta = metaOf(setting);
    const value = defaultOf(setting);
    const secret = meta.secret === true;
    return {
      name,
      type: typeOf(setting),
      meaning: meta.description ?? '',
      defaultText: value === undefined || secret ? undefined : String(value),
      required: !isOptional(setting),
      secret,
      requiredInProduction: meta.requiredInProduction === true,
    };
  });
};
