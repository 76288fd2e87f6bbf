interface Definition {
  type: string;
  status?: number;
  message: string;
}

const item = (message: string): Definition => ({ type: 'ITEM_ERROR', message });
const input = (message: string): Definition => ({ type: 'INVALID_INPUT', message });
const request = (message: string): Definition => ({ type: 'INVALID_REQUEST', message });
const institution = (message: string): Definition => ({ type: 'INSTITUTION_ERROR', message });
const sandbox = (message: string): Definition => ({ type: 'SANDBOX_ERROR', message });
const transfer = (message: string): Definition => ({ type: 'TRANSFER_ERROR', message });

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  ITEM_LOGIN_REQUIRED: item(
    "the login details of this item have changed (credentials, MFA, or required user action) and a user login is required to update this information. use Link's update mode to restore the item to a good state",
  ),
  PRODUCT_NOT_READY: item(
    'the requested product is not yet ready. please provide a webhook or try the request again later',
  ),
  PRODUCTS_NOT_SUPPORTED: item('the requested products are not supported by this item'),
  PRODUCT_NOT_ENABLED: item('the requested product is not enabled for this item'),
  NO_ACCOUNTS: item('there are no accounts associated with this item'),
  NO_LIABILITY_ACCOUNTS: item('there are no valid liability account(s) associated with this item'),
  NO_INVESTMENT_ACCOUNTS: item('There are no valid investment account(s) associated with this Item.'),
  NO_AUTH_ACCOUNTS: item('there are no valid checking or savings account(s) associated with this item'),
  ACCESS_NOT_GRANTED: item('access to this product was not granted for the account'),
  ITEM_NOT_FOUND: item('the item you requested cannot be found. this item does not exist or was removed'),
  ITEM_LOCKED: item('this account is locked; the user has to unlock it at the institution'),
  ITEM_CONCURRENTLY_DELETED: item('this item was deleted while the request was being processed'),
  ITEM_NOT_SUPPORTED: item('this account is currently not supported'),
  INVALID_CREDENTIALS: item('the provided credentials were not correct'),
  INVALID_MFA: item('the provided MFA response was not correct'),
  INVALID_UPDATED_USERNAME: item('the username provided does not match the original username of this item'),
  INSUFFICIENT_CREDENTIALS: item('insufficient authorization was granted to complete the request'),
  MFA_NOT_SUPPORTED: item('this account requires a form of MFA that is not supported'),
  PASSWORD_RESET_REQUIRED: item('the user must reset the password at the institution'),
  USER_SETUP_REQUIRED: item('the user must complete setup at the institution'),
  ADDITIONAL_CONSENT_REQUIRED: input('additional user consent is required for this product'),
  USER_PERMISSION_REVOKED: input('the holder of this account has revoked their permission'),
  INVALID_ACCESS_TOKEN: input('could not find matching access token'),
  INVALID_PUBLIC_TOKEN: input('could not find matching public token'),
  INVALID_LINK_TOKEN: input('invalid link_token provided'),
  INVALID_ACCOUNT_ID: input('failed to find requested account ID for requested item'),
  INVALID_API_KEYS: input('invalid client_id or secret provided'),
  INVALID_PRODUCT: input('client is not authorized to access the requested products'),
  INVALID_INSTITUTION: input('invalid institution_id provided'),
  INVALID_WEBHOOK_VERIFICATION_KEY_ID: input(
    'invalid key_id provided. note that key_ids are specific to Plaid environments, and verification requests must be made to the same environment that the webhook was sent from',
  ),
  UNAUTHORIZED_ENVIRONMENT: input('you are not authorized to create items in this environment'),
  UNAUTHORIZED_ROUTE_ACCESS: input('client is not authorized to access this route'),
  MISSING_FIELDS: request('the following required fields are missing'),
  INVALID_FIELD: request('a field has an invalid value'),
  UNKNOWN_FIELDS: request('the following fields are not recognized by this endpoint'),
  INVALID_BODY: request('body could not be parsed as JSON'),
  INVALID_HEADERS: request('Content-Type header must be application/json'),
  INCOMPATIBLE_API_VERSION: request('the requested API version is not served'),
  NO_LONGER_AVAILABLE: request('the requested endpoint is no longer available'),
  SANDBOX_ONLY: request('this endpoint exists only in the Sandbox environment'),
  NOT_FOUND: { type: 'INVALID_REQUEST', status: 404, message: 'the requested endpoint was not found' },
  TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION: {
    type: 'TRANSACTIONS_ERROR',
    message:
      'Underlying transaction data changed since last page was fetched. Please restart pagination from last update.',
  },
  INSTITUTION_DOWN: institution(
    'this institution is not currently responding to requests. please try again soon',
  ),
  INSTITUTION_NOT_RESPONDING: institution(
    'this institution is not currently responding to this request. please try again soon',
  ),
  INSTITUTION_NOT_AVAILABLE: institution('this institution is not currently available'),
  INSTITUTION_NO_LONGER_SUPPORTED: institution('this institution is no longer supported'),
  INSTITUTION_REGISTRATION_REQUIRED: institution('registration with this institution is required'),
  UNAUTHORIZED_INSTITUTION: institution('you are not authorized to create items for this institution'),
  CREDITS_EXHAUSTED: {
    type: 'RATE_LIMIT_EXCEEDED',
    status: 429,
    message: 'the free request credits are used up',
  },
  INTERNAL_SERVER_ERROR: { type: 'API_ERROR', status: 500, message: 'an unexpected error occurred' },
  PLANNED_MAINTENANCE: { type: 'API_ERROR', status: 503, message: 'the API is under planned maintenance' },
  SANDBOX_PRODUCT_NOT_ENABLED: sandbox('The [auth | transactions | ...] product is not enabled on this item'),
  SANDBOX_WEBHOOK_INVALID: sandbox(
    'Webhook for this item is either not set up, or invalid. See webhook docs to set up a valid webhook.',
  ),
  SANDBOX_TRANSFER_EVENT_TRANSITION_INVALID: sandbox(
    'the transfer cannot go from its present status to that event',
  ),
  TRANSFER_NOT_CANCELLABLE: transfer('transfer is not cancellable'),
  TRANSFER_NETWORK_LIMIT_EXCEEDED: transfer('the amount exceeds the limit of the network'),
  TRANSFER_ACCOUNT_BLOCKED: transfer(
    'transfer was blocked because a previous transfer of this account failed',
  ),
  TRANSFER_UNSUPPORTED_ACCOUNT_TYPE: transfer('transfers are not supported for this type of account'),
  TRANSFER_FORBIDDEN_ACH_CLASS: transfer('the provided ach_class is not allowed'),
};

const RATE_LIMITED: Definition = {
  type: 'RATE_LIMIT_EXCEEDED',
  status: 429,
  message: 'rate limit exceeded for attempts to access this item. please try again later',
};
// A name that ends so is a limit, whatever is limited.
const isLimit = (code: string): boolean => code === 'RATE_LIMIT' || code.endsWith('_LIMIT');

/** Body of an error as it stands on an Item and in webhooks. */
export interface PlaidErrorBody {
  display_message: string | null;
  documentation_url: string;
  error_code: string;
  error_message: string;
  error_type: string;
  suggested_action: string | null;
}

/** An answer that is an error. */
export class PlaidError extends Error {
  readonly code: string;
  readonly status: number;
  readonly body: PlaidErrorBody;

  /**
   * @param code Plaid's error code; one that is not known is an ITEM_ERROR, so that any can be injected
   * @param message replaces the usual text
   */
  constructor(code: string, message?: string) {
    const definition =
      isLimit(code) && DEFINITIONS[code] === undefined ? RATE_LIMITED : (DEFINITIONS[code] ?? item(code));
    super(message ?? definition.message);
    this.name = 'PlaidError';
    this.code = code;
    this.status = definition.status ?? 400;
    this.body = {
      display_message: null,
      documentation_url: `https://plaid.com/docs/?ref=error#${definition.type.toLowerCase().replaceAll('_', '-')}s`,
      error_code: code,
      error_message: message ?? definition.message,
      error_type: definition.type,
      suggested_action: null,
    };
  }
}
