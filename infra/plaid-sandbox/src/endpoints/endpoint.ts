import { z } from 'zod';
import type { ItemRecord } from '../state/records.ts';
import type { Sandbox } from '../state/sandbox.ts';
import { itemIdOf } from '../state/sandbox.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import { checkFields } from '../wire/read-request.ts';

/** Calls a minute that Plaid's Sandbox allows. */
export interface Limit {
  perItem?: number;
  perClient: number;
  /** Error code over it. */
  code: string;
}

/** What answers a path. */
export interface Endpoint {
  limit: Limit | undefined;
  needsCredentials: boolean;
  /**
   * Answers a request.
   * @param sandbox state
   * @param body the request's object
   * @param admit called with the Item, or undefined, before any work; throws for limits and injected faults
   */
  answer(
    sandbox: Sandbox,
    body: Record<string, unknown>,
    admit: (itemId: string | undefined) => void,
  ): Promise<object>;
}

/**
 * Fields of a request beside the credentials, which any may have.
 * @param shape the fields; others are refused
 */
export const fields = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ client_id: z.string().optional(), secret: z.string().optional(), ...shape });

/**
 * An endpoint that is about no Item.
 * @param definition fields, limit and what it does
 */
export const openEndpoint = <Schema extends z.ZodType>(definition: {
  schema: Schema;
  limit?: Limit;
  needsCredentials?: boolean;
  run(sandbox: Sandbox, input: z.output<Schema>): Promise<object>;
}): Endpoint => ({
  limit: definition.limit,
  needsCredentials: definition.needsCredentials ?? true,
  async answer(sandbox, body, admit) {
    const input = checkFields(definition.schema, body);
    admit(undefined);
    return definition.run(sandbox, input);
  },
});

/**
 * An endpoint that is about one Item. It runs alone on that Item, after everything that is due on it.
 * @param definition fields with `access_token`, limit, and what it does; `evenWhenBroken` answers in spite of an error
 */
export const itemEndpoint = <Schema extends z.ZodType<{ access_token: string }>>(definition: {
  schema: Schema;
  limit?: Limit;
  evenWhenBroken?: boolean;
  run(sandbox: Sandbox, input: z.output<Schema>, item: ItemRecord): Promise<object>;
}): Endpoint => ({
  limit: definition.limit,
  needsCredentials: true,
  async answer(sandbox, body, admit) {
    const input = checkFields(definition.schema, body);
    const itemId = await itemIdOf(sandbox, input.access_token);
    admit(itemId);
    await sandbox.life.catchUp(itemId);
    return sandbox.life.alone(itemId, (item) => {
      if (item.error !== null && definition.evenWhenBroken !== true) {
        throw new PlaidError(item.error.error_code);
      }
      return definition.run(sandbox, input, item);
    });
  },
});

/**
 * A limit as Plaid publishes it for Sandbox.
 * @param code error code over it
 * @param perClient calls a minute of one client
 * @param perItem calls a minute on one Item
 */
export const limited = (code: string, perClient: number, perItem?: number): Limit => ({
  code,
  perClient,
  ...(perItem === undefined ? {} : { perItem }),
});

export const Day = z.iso.date();
export const PageSize = z.int().min(1).max(500);
export const WebhookUrl = z.string().refine(
  (text) => {
    if (text === '' || !URL.canParse(text)) {
      return text === '';
    }
    const { protocol, hostname } = new URL(text);
    const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/u.test(hostname);
    return protocol === 'https:' || (protocol === 'http:' && isLoopback);
  },
  { error: 'must be an https address, or http on loopback' },
);
