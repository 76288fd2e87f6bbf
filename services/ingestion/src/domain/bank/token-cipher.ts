import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
/** 96 bits, as NIST SP 800-38D recommends for GCM; random ones are safe far beyond the number of our tokens. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The keys are not written as they should be; the message holds no part of them. */
export class TokenKeyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenKeyError';
  }
}

/** A sealed token cannot be opened: its key is not there, or it was changed. */
export class UnreadableTokenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnreadableTokenError';
  }
}

/** Keys by id; new tokens are sealed with the active one. */
export interface TokenKeys {
  activeId: string;
  keys: ReadonlyMap<string, Buffer>;
}

/** A token as it is stored. */
export interface SealedToken {
  keyId: string;
  /** Nonce, ciphertext and authentication tag in base64url. */
  sealed: string;
}

/**
 * Reads keys written as `<id>:<32 bytes in base64url>`, comma between; the first is the active one.
 * @param text value of the setting
 * @throws TokenKeyError
 */
export const parseTokenKeys = (text: string): TokenKeys => {
  const keys = new Map<string, Buffer>();
  for (const entry of text.split(',').map((part) => part.trim())) {
    const [, id, encoded] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_+/=-]+)$/.exec(entry) ?? [];
    const key = Buffer.from(encoded ?? '', 'base64url');
    if (id === undefined || key.length !== KEY_BYTES) {
      throw new TokenKeyError('must be <id>:<32 bytes in base64url>, with commas between several');
    }
    if (keys.has(id)) {
      throw new TokenKeyError('names one id twice');
    }
    keys.set(id, key);
  }
  const [activeId = ''] = keys.keys();
  return { activeId, keys };
};

/**
 * A new key as it is written in the setting.
 * @param id how it will be called
 */
export const newTokenKey = (id: string): string => `${id}:${randomBytes(KEY_BYTES).toString('base64url')}`;

// The item and the key belong to what is authenticated, so that a sealed token of one bank opens no other.
const context = (keyId: string, itemId: string): Buffer => Buffer.from(`${keyId}\u0000${itemId}`);

/**
 * Seals a token with AES-256-GCM under the active key.
 * @param keys the keys
 * @param itemId the bank link that it belongs to
 * @param token the token in clear
 */
export const sealToken = ({ activeId, keys }: TokenKeys, itemId: string, token: string): SealedToken => {
  const key = keys.get(activeId);
  if (key === undefined) {
    throw new TokenKeyError('there is no active key');
  }
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(context(activeId, itemId));
  const body = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
  return {
    keyId: activeId,
    sealed: Buffer.concat([iv, body, cipher.getAuthTag()]).toString('base64url'),
  };
};

/**
 * Opens a sealed token.
 * @param keys the keys
 * @param itemId the bank link that it belongs to
 * @param stored what was stored
 * @throws UnreadableTokenError
 */
export const openToken = ({ keys }: TokenKeys, itemId: string, stored: SealedToken): string => {
  const key = keys.get(stored.keyId);
  if (key === undefined) {
    throw new UnreadableTokenError(`the key ${stored.keyId} is not among PLAID_TOKEN_KEYS`);
  }
  const bytes = Buffer.from(stored.sealed, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(context(stored.keyId, itemId))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const body = bytes.subarray(IV_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch (error) {
    throw new UnreadableTokenError('a sealed token does not fit its bank link', { cause: error });
  }
};
