import { COMMON_ERRORS, type CommonErrorCode, type ErrorDefinition } from './error-codes.ts';

/** One field of the input at fault. `field` is a path such as `rows[2].amount`. */
export interface FieldError {
  /** Where the field stood; default `body`. */
  in?: 'body' | 'query' | 'path' | 'header';
  field: string;
  message: string;
  /** Kind of fault in the words of pydantic, for legacy bodies; default `value_error`. */
  kind?: string;
  /** What was sent, as far as it may be said back. */
  input?: string | number | boolean | null;
}

export interface AppErrorOptions {
  /** What is wrong this time and what to do about it; shown to strangers, so no ids of others, hosts or secrets. */
  detail?: string;
  /** For the log only. */
  cause?: unknown;
  fields?: readonly FieldError[];
  /** Extra reply headers such as `Retry-After` or `WWW-Authenticate`. */
  headers?: Record<string, string>;
  /** Status of a legacy contract that differs from the catalogue's. */
  status?: number;
  /** `error_code` of a legacy contract that differs from ours. */
  legacyCode?: string;
}

const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** An expected failure with a stable code; everything else that is thrown is a bug and answers 500. */
export class AppError extends Error {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly fields: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  readonly legacyCode: string | undefined;
  /** True when a repeated attempt cannot succeed; an event that fails so goes to the dead letters at once. */
  readonly permanent: boolean;

  /**
   * @param kind a common code, or the definition that a service made with `defineError`
   * @param options what is particular about this occurrence
   */
  constructor(kind: CommonErrorCode | ErrorDefinition, options: AppErrorOptions = {}) {
    const definition: ErrorDefinition = typeof kind === 'string' ? COMMON_ERRORS[kind] : kind;
    super(options.detail ?? definition.title, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AppError';
    this.code = definition.code;
    this.status = options.status ?? definition.status;
    this.title = definition.title;
    this.detail = options.detail;
    this.fields = options.fields ?? [];
    this.headers = options.headers ?? {};
    this.legacyCode = options.legacyCode;
    const transient =
      definition.transient ?? (definition.status >= 500 || TRANSIENT_STATUSES.has(definition.status));
    this.permanent = !transient;
  }
}
