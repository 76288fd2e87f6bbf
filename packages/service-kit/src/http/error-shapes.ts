import type { ErrorShape } from '@orrery/contracts';
import type { AppError, FieldError } from '../errors/app-error.ts';

/** An error ready to be written. */
export interface ErrorReply {
  status: number;
  contentType: string;
  body: Record<string, unknown>;
}

const sentenceOf = (error: AppError): string => {
  if (error.detail !== undefined) {
    return error.detail;
  }
  const [first] = error.fields;
  return first === undefined ? error.title : `${first.field}: ${first.message}`;
};

// The words of FastAPI for what it answers itself; its clients compare with them.
const FAST_API_WORDS: Readonly<Record<string, string>> = {
  'route-not-found': 'Not Found',
  'method-not-allowed': 'Method Not Allowed',
};

// The list that FastAPI's clients expect: `loc` starts with where the value stood.
const fastApiEntry = ({
  in: place = 'body',
  field,
  message,
  kind = 'value_error',
  input = null,
}: FieldError): Record<string, unknown> => ({
  type: kind,
  loc: [
    place,
    ...(field === place ? '' : field)
      .split(/[.[\]]+/)
      .filter((part) => part !== '')
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  ],
  msg: message,
  input,
});

const plainFields = (error: AppError): Pick<FieldError, 'field' | 'message'>[] =>
  error.fields.map(({ field, message }) => ({ field, message }));

type BodyOf = (error: AppError, requestId: string) => Record<string, unknown>;

const BODIES: Record<ErrorShape, BodyOf> = {
  problem: (error, requestId) => ({
    type: `urn:orrery:problem:${error.code}`,
    title: error.title,
    status: error.status,
    code: error.code,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    requestId,
    ...(error.fields.length === 0 ? {} : { errors: plainFields(error) }),
  }),
  detail: (error, requestId) => ({
    detail:
      error.fields.length === 0
        ? (FAST_API_WORDS[error.code] ?? sentenceOf(error))
        : error.fields.map(fastApiEntry),
    code: error.code,
    request_id: requestId,
  }),
  error: (error, requestId) => ({
    error: sentenceOf(error),
    code: error.legacyCode ?? error.code,
    ...(error.legacyCode === undefined ? {} : { error_code: error.legacyCode }),
    request_id: requestId,
  }),
  'error-code': (error, requestId) => ({
    error_code: error.legacyCode ?? error.code.toUpperCase().replaceAll('-', '_'),
    message: sentenceOf(error),
    // The uniform body, and beside it the list that the legacy service answered for fields at fault.
    ...(error.fields.length === 0
      ? {}
      : { detail: error.fields.map(fastApiEntry), errors: plainFields(error) }),
    code: error.code,
    request_id: requestId,
  }),
};

/**
 * The body of an error in the costume of a route: RFC 9457, or the legacy body with `code` and `request_id` beside.
 * @param error the error
 * @param shape what the route declares
 * @param requestId id of the request
 */
export const shapeError = (error: AppError, shape: ErrorShape, requestId: string): ErrorReply => ({
  // The Cash Sense contract answers 400 where the others answer 422 for a field that is missing or wrong.
  status: shape === 'error' && error.code === 'validation-failed' ? 400 : error.status,
  contentType: shape === 'problem' ? 'application/problem+json' : 'application/json; charset=utf-8',
  body: BODIES[shape](error, requestId),
});
