/** Longest text of a user or merchant that is handed on. */
const MAX_TEXT = 160;

/**
 * The same text made harmless: no line breaks, no invisible characters, no addresses, not too long.
 * @param text of a user or merchant, or one that quotes them
 */
export const tidyText = (text: string): string => {
  const plain = text
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    // Addresses, and mark-up that could become a link or an image, lose what makes them one.
    .replaceAll(/\b(?:https?|ftp|data|javascript):\/*(\S*)/giu, (_whole, rest: string) =>
      rest.replaceAll(/[./?&=:]+/g, ' '),
    )
    .replaceAll(/\bwww\.(\S*)/giu, (_whole, rest: string) => rest.replaceAll('.', ' '))
    .replaceAll(/[<>]/g, '')
    .replaceAll(/\]\s*\(/g, '] - ')
    .replaceAll(/[ ]{2,}/g, ' ')
    .trim();
  const characters = [...plain];
  return characters.length > MAX_TEXT ? `${characters.slice(0, MAX_TEXT - 1).join('')}…` : plain;
};

/**
 * The same value with every text in it made harmless: no line breaks, no invisible characters, no addresses, not too
 * long. Texts come from merchants and users, and reach the model and the client.
 * @param value JSON
 */
export function tidy(value: unknown): unknown {
  if (typeof value === 'string') {
    return tidyText(value);
  }
  if (Array.isArray(value)) {
    return value.map(tidy);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tidy(item)]));
  }
  return value;
}
