/** Why a whole file cannot be imported; rows at fault are reported one by one instead. */
export type RefusalReason =
  | 'not-a-table'
  | 'no-date-column'
  | 'no-amount-column'
  | 'unknown-column'
  | 'invalid-mapping'
  | 'unknown-encoding';

/** The file or its mapping cannot be used at all. `message` is safe to show the user. */
export class ImportRefusedError extends Error {
  readonly code: RefusalReason;

  constructor(code: RefusalReason, message: string) {
    super(message);
    this.name = 'ImportRefusedError';
    this.code = code;
  }
}
