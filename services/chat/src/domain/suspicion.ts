/** Attempts that are counted; nothing is decided by them, because rules that depend on wording can be talked around. */
const SIGNS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  [
    'override',
    /\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instructions?|rules?|prompt|above|previous)\b|\b(?:ignore[zr]?|oublie[zr]?)\b.{0,40}\b(?:instructions|consignes|regles|règles)\b|(?:이전|위의?) ?(?:지시|명령|규칙).{0,10}(?:무시|잊)/iu,
  ],
  [
    'prompt-leak',
    /\b(?:system|initial|hidden) (?:prompt|message|instructions)\b|\bprompt système\b|시스템 ?프롬프트/iu,
  ],
  [
    'other-users',
    /\b(?:all|other|another|every) (?:users?|customers?|accounts? of)\b|\b(?:autres?|tous les) (?:utilisateurs?|clients?)\b|(?:다른|모든) ?(?:사용자|고객|회원)/iu,
  ],
  [
    'role-play',
    /\b(?:you are now|act as|pretend to be|developer mode|jailbreak|DAN)\b|\b(?:tu es maintenant|fais semblant)\b/iu,
  ],
  ['secrets', /\b(?:api[ _-]?key|access[ _-]?token|password|secret)s?\b|\bmot de passe\b|비밀번호/iu],
  ['mark-up', /<\/?(?:script|img|iframe|svg)|!\[[^\]]*\]\(|\[\[|<\|/iu],
];

/**
 * Kinds of attempts that a text shows signs of.
 * @param text what a user wrote, or a name in the user's data
 */
export const suspicionsOf = (text: string): string[] =>
  SIGNS.filter(([, pattern]) => pattern.test(text)).map(([kind]) => kind);
