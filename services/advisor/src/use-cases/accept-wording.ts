import { verifyAmounts } from '@orrery/language-model';
import { formatMoney } from '@orrery/money';
import type { Phrase } from '../domain/phrase.ts';

const MARKUP = /[<>`*_#|[\]{}]|https?:|www\.|@|\p{Cc}/iu;
const PROMISES = /(?<!\p{L})(?:guarantee\w*|promise\w*|risk-free|certain to|definitely)(?!\p{L})/iu;
/** Words that say that money is there. */
const POSITIVE =
  /(?<!\p{L})(?:left over|leftover|left|remain\w*|surplus|spare|disposable|afford|extra)(?!\p{L})/iu;
/** Words that say that money is missing. */
const NEGATIVE =
  /(?<!\p{L})(?:short|shortfall|gap|more|exceeds?|exceeded|above|over|overspen\w*|deficit)(?!\p{L})/iu;
/** Questions for secrets never come from us. */
const SECRETS =
  /(?<!\p{L})(?:password|pin|cvv|card number|account number|sort code|iban|bank details)(?!\p{L})/iu;

const MIN_CHARS = 10;

const includesAll = (text: string, ours: Phrase): boolean =>
  ours.facts.names.every((name) => text.includes(name)) &&
  ours.facts.amounts.every((amount) =>
    text.includes(formatMoney({ ...amount, amountMinor: Math.abs(amount.amountMinor) }, 'en-GB')),
  );

/**
 * A model's wording where it says the same as ours, else ours. It must hold every amount and name of ours and no figure
 * of its own, keep the title, say neither that money is there when ours does not, nor hide that it is missing, and hold
 * no markup, address, promise or question for secrets.
 * @param ours our wording with its facts
 * @param theirs what the model wrote, of any type
 * @param title words that the text has to begin with
 */
export const acceptWording = (ours: Phrase, theirs: unknown, title?: string): string => {
  const text = typeof theirs === 'string' ? theirs.trim() : '';
  const isAccepted =
    text.length >= MIN_CHARS &&
    text.length <= ours.text.length * 2 + 120 &&
    !MARKUP.test(text) &&
    !PROMISES.test(text) &&
    !SECRETS.test(text) &&
    (title === undefined || text.startsWith(title)) &&
    (POSITIVE.test(ours.text) || !POSITIVE.test(text)) &&
    (!NEGATIVE.test(ours.text) || NEGATIVE.test(text)) &&
    includesAll(text, ours) &&
    verifyAmounts(text, ours.facts).isVerified;
  return isAccepted ? text : ours.text;
};
