/** Decides, while an answer is being written, which part of it may be shown. */

/** What a guard says about a sentence. */
export type Judgement = { isAllowed: true } | { isAllowed: false; reason: string };

export interface TextRelease {
  /**
   * Takes the next piece of the model's text.
   * @returns text that may be shown now
   */
  take(piece: string): string;
  /** The model has ended. @returns the rest that may be shown */
  finish(): string;
  /** Why the text was stopped; nothing after that is released. */
  refusal(): string | undefined;
  /** Everything released so far that stands in whole, checked sentences. */
  whole(): string;
}

// Any of these may be part of a figure, a link or a mark-up, so it waits for its sentence.
const SUSPECT_SIGNS =
  /[\d%£€$₩¥\p{Sc}\p{Nd}[\]()<>|`*_#!/\\@:]|\S\.\S|[일이삼사오육칠팔구십백천만억一二三四五六七八九十百千萬万億]+ ?(?:원|퍼센트|$)/iu;
const SUSPECT_WORDS = [
  ...[
    'hundred',
    'thousand',
    'million',
    'dozen',
    'percent',
    'ten',
    'eleven',
    'twelve',
    'thirteen',
    'fourteen',
  ],
  ...[
    'fifteen',
    'sixteen',
    'seventeen',
    'eighteen',
    'nineteen',
    'twenty',
    'thirty',
    'forty',
    'fifty',
    'sixty',
  ],
  ...[
    'seventy',
    'eighty',
    'ninety',
    'mille',
    'cents',
    'cent',
    'pounds',
    'pound',
    'quid',
    'pence',
    'euros',
    'euro',
  ],
  ...[
    'dollars',
    'dollar',
    'livres',
    'won',
    'https',
    'http',
    'www',
    'vingt',
    'trente',
    'quarante',
    'cinquante',
  ],
];
const SUSPECT_WORD = new RegExp(String.raw`(?<!\p{L})(?:${SUSPECT_WORDS.join('|')})(?!\p{L})`, 'iu');
const isSuspect = (text: string): boolean => SUSPECT_SIGNS.test(text) || SUSPECT_WORD.test(text);
/** Whether the last word, which may still grow, can become one of the suspect ones. */
const mayBecomeSuspect = (word: string): boolean =>
  SUSPECT_WORDS.some((suspect) => suspect.startsWith(word.toLowerCase()));
/** A sentence ends at its mark before a space, or at a line break; `1.5` and `e.g.` in the middle of one do not hurt. */
const SENTENCE_END = /[.!?。…](?=\s)|\n/u;
/** Longer than any sentence we want; a text without ends is judged in pieces of this size. */
const MAX_HELD = 600;

/**
 * A release that shows plain words at once, and holds every sentence with a figure, sign or link in it back until the
 * sentence is complete and was judged. The first one that is refused stops the text for good.
 * @param judge looks at a complete sentence
 * @param clean takes out what may never be shown, such as mark-up
 */
export function releaseText(
  judge: (sentence: string) => Judgement,
  clean: (text: string) => string,
): TextRelease {
  let sentence = '';
  /** How much of the sentence was shown already. */
  let shown = 0;
  let done = '';
  let refused: string | undefined;

  const close = (whole: string): string => {
    const judgement = judge(whole);
    if (!judgement.isAllowed) {
      refused = judgement.reason;
      return '';
    }
    const rest = clean(whole).slice(shown);
    done += clean(whole);
    shown = 0;
    return rest;
  };

  /** Plain words of an unfinished sentence, as far as nothing suspect can come of them. */
  const early = (): string => {
    if (isSuspect(sentence)) {
      return '';
    }
    const lastWord = /\p{L}*$/u.exec(sentence)?.[0] ?? '';
    // A full stop in the middle of a word makes an address of it.
    const isOpen = /\S\.$/u.test(sentence) || (lastWord !== '' && mayBecomeSuspect(lastWord));
    const upTo = isOpen ? sentence.lastIndexOf(' ') + 1 : sentence.length;
    if (upTo <= shown) {
      return '';
    }
    const part = sentence.slice(shown, upTo);
    shown = upTo;
    return part;
  };

  return {
    take(piece) {
      if (refused !== undefined) {
        return '';
      }
      sentence += piece;
      let released = '';
      for (;;) {
        const end = SENTENCE_END.exec(sentence);
        const cut = end === null ? (sentence.length > MAX_HELD ? MAX_HELD : 0) : end.index + end[0].length;
        if (cut === 0) {
          return released + early();
        }
        const whole = sentence.slice(0, cut);
        sentence = sentence.slice(cut);
        released += close(whole);
        if (refused !== undefined) {
          return released;
        }
      }
    },
    finish() {
      if (refused !== undefined || sentence === '') {
        return '';
      }
      const whole = sentence;
      sentence = '';
      return close(whole);
    },
    refusal: () => refused,
    whole: () => done,
  };
}

const LINK =
  /(?:https?:\/\/|www\.)\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|io|co|uk|fr|kr|dev|app|info|biz|xyz|ru|cn|link|site|online|me|eu)\b(?:\/\S*)?/iu;
const MARKUP_LINK = /!?\[[^\]]*\]\s*[([]|<\/?[a-z!][^>]*>?|data:[a-z]+\/|javascript:/iu;
const ASKS_FOR_SECRETS =
  /\b(?:enter|send|tell|give|share|provide|type|confirm)\b.{0,40}\b(?:password|pin\b|card number|cvv|security code|sort code|account number|one-time code|bank details)|\b(?:mot de passe|code secret|numero de carte|cryptogramme|iban)\b.{0,40}\b(?:envoyez|donnez|saisissez|indiquez)|(?:비밀번호|카드 ?번호|보안 ?코드).{0,20}(?:알려|입력|보내)/iu;
const PROMISES =
  /(?<!\b(?:not|cannot|never|no)\s|n['’]t\s)\b(?:guarantee(?:d|s)?|risk[- ]free|cannot lose|can't lose|sans (?:aucun )?risque garanti|garanti(?:e|s|es)?|무조건 ?수익|원금 ?보장)\b/iu;

const withoutNames = (sentence: string, names: readonly string[]): string =>
  names.filter((name) => name.includes('.')).reduce((rest, name) => rest.replaceAll(name, ' '), sentence);

/**
 * What no sentence may hold, whoever wrote it: addresses outside, images and mark-up that loads something, requests for
 * bank details, promises.
 * @param sentence a complete sentence
 * @param names names from the user's data that may look like an address, such as `Netflix.com`
 */
export function judgeWording(sentence: string, names: readonly string[] = []): Judgement {
  const rules: readonly [RegExp, string][] = [
    [MARKUP_LINK, 'link'],
    [ASKS_FOR_SECRETS, 'asks-for-secrets'],
    [PROMISES, 'promise'],
  ];
  const broken = LINK.test(withoutNames(sentence, names))
    ? ([LINK, 'link'] as const)
    : rules.find(([pattern]) => pattern.test(sentence));
  return broken === undefined ? { isAllowed: true } : { isAllowed: false, reason: broken[1] };
}

/**
 * Plain text of a sentence with marks of Markdown, which the chat shows as they are.
 * @param text a complete sentence, with its end
 */
export const withoutMarkdown = (text: string): string =>
  text
    .replaceAll(/\*\*([^*]+)\*\*/g, '$1')
    .replaceAll(/__([^_]+)__/g, '$1')
    .replaceAll(/`+([^`]+)`+/g, '$1')
    .replaceAll(/^#{1,6} /gm, '')
    .replaceAll(/^\s*\* /gm, '- ');
