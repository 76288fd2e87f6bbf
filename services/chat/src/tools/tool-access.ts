import { foreignAmount, type ToolFailure } from '@orrery/assistant';
import type { Language, RouteDefinition, ServiceName, ReplySchema } from '@orrery/contracts';
import { AmountOverflowError, InvalidDecimalError } from '@orrery/money';
import { AppError, type ClientInput, type ClientReply, type UserIdentity } from '@orrery/service-kit';
import type { z } from 'zod';

/** A change that waits for the user's yes. */
export type Act =
  | {
      kind: 'set-budget';
      category: string;
      amount: string;
      currency: string;
      period: 'weekly' | 'monthly' | 'yearly';
    }
  | { kind: 'accept-mission'; missionId: string }
  | { kind: 'set-category'; transactionId: string; category: string; wholeMerchant: boolean };

/** What a tool may use. It is bound to one user and one turn; no argument of a tool can change for whom it works. */
export interface ToolAccess {
  identity: UserIdentity;
  language: Language;
  /** The user's day. */
  today: string;
  /** The user's main currency. */
  currency: string;
  signal: AbortSignal;
  /** Calls another service as the user; the deadline is short, so that a slow service costs one tool and not the turn. */
  call<
    Params extends z.ZodType,
    Query extends z.ZodType,
    Body extends z.ZodType,
    Replies extends Record<number, ReplySchema>,
  >(
    service: ServiceName,
    route: RouteDefinition<Params, Query, Body, Replies>,
    input: ClientInput<z.input<Params>, z.input<Query>, z.input<Body>>,
  ): Promise<ClientReply<Replies>>;
  /** Keeps a change until the user confirms it; a newer one replaces it. */
  propose(act: Act, proposal: string): Promise<void>;
}

/** Thrown by a tool that has an answer to give other than its result. */
export class ToolRefusal extends Error {
  readonly failure: ToolFailure;

  /**
   * @param error the kind
   * @param message a sentence for the user
   */
  constructor(error: ToolFailure['error'], message: string) {
    super(message);
    this.name = 'ToolRefusal';
    this.failure = { error, message };
  }
}

const UNAVAILABLE: Readonly<Record<Language, string>> = {
  en: 'This part of your data cannot be reached right now.',
  fr: 'Cette partie de vos données est inaccessible pour le moment.',
  ko: '지금은 이 데이터를 불러올 수 없어요.',
};

/**
 * Refuses an amount in another currency than that of the figures, which is never as much in theirs.
 * @param written ISO 4217 code that came with the amount, if one did
 * @param own ISO 4217 code in which the tool works
 * @param language of the user
 * @throws ToolRefusal
 */
export function requireCurrency(written: string | undefined, own: string, language: Language): void {
  if (written !== undefined && written !== own) {
    throw new ToolRefusal('invalid-arguments', foreignAmount(language, written, own));
  }
}

const BAD_AMOUNT: Readonly<Record<Language, string>> = {
  en: 'That is not an amount of this currency.',
  fr: 'Ce n’est pas un montant dans cette devise.',
  ko: '이 통화로 쓸 수 없는 금액이에요.',
};

/**
 * What a tool says when it failed.
 * @param error what it threw
 * @param language of the user
 * @returns undefined for an error that is a fault of ours and belongs in the log
 */
export function failureOf(error: unknown, language: Language): ToolFailure | undefined {
  if (error instanceof ToolRefusal) {
    return error.failure;
  }
  if (error instanceof InvalidDecimalError || error instanceof AmountOverflowError) {
    return { error: 'invalid-arguments', message: BAD_AMOUNT[language] };
  }
  if (!(error instanceof AppError)) {
    return undefined;
  }
  if (error.status === 404) {
    return { error: 'unavailable', message: UNAVAILABLE[language] };
  }
  return error.status < 500
    ? { error: 'refused', message: error.detail ?? error.title }
    : { error: 'unavailable', message: UNAVAILABLE[language] };
}

/** A tool's work. */
export type RunTool<Arguments, Result> = (args: Arguments, access: ToolAccess) => Promise<Result>;
