/**
 * Text of a bank on one line: white space collapsed, control characters taken out, cut without splitting a letter.
 * Letters are composed, because one and the same export may come with composed or decomposed Hangul and accents.
 * @param text as it was written
 * @param length most UTF-16 units
 */
export const cleanText = (text: string, length: number): string => {
  const plain = text
    .replace(/[\s\p{Cc}\u200B\uFEFF]+/gu, ' ')
    .trim()
    .normalize('NFC');
  return plain.length <= length
    ? plain.toWellFormed()
    : plain
        .slice(0, length)
        .replace(/[\uD800-\uDBFF]$/, '')
        .trim();
};
