/** Text that is HTML already; everything else is escaped when it enters a page. */
export class Html {
  readonly text: string;

  /** @param text trusted HTML */
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | readonly Html[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

const textOf = (part: Part): string => {
  if (part instanceof Html) {
    return part.text;
  }
  if (typeof part === 'string' || typeof part === 'number') {
    return escape(String(part));
  }
  return part.map(({ text }) => text).join('');
};

/**
 * A piece of a page as a template: values are escaped unless they are pieces themselves.
 * @param strings the literal parts, trusted
 * @param parts the values
 */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(
    strings
      .map((literal, index) => literal + (index < parts.length ? textOf(parts[index] ?? '') : ''))
      .join(''),
  );

/** Nothing. */
export const nothing = new Html('');
