/**
 * One spelling for comparing: lower case, no accents, plain apostrophes and single spaces. Hangul stays whole.
 * @param text anything
 */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[’‘`´]/g, "'")
    .replaceAll(/\s+/g, ' ')
    .trim();

/**
 * A text as a literal part of a pattern.
 * @param text anything
 */
export const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
