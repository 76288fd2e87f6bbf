const MAX_CHARS = 120;

/**
 * A text of a user (a name of an expense, of a merchant) as data for a prompt: one JSON string without line breaks and
 * control characters, cut to 120 characters, so that it can neither end the quotation nor fill the prompt.
 * @param text anything
 */
export const quoteData = (text: string): string => {
  const flat = text
    .normalize('NFKC')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  const characters = [...flat];
  return JSON.stringify(characters.length > MAX_CHARS ? `${characters.slice(0, MAX_CHARS).join('')}…` : flat);
};
