import { type Html, html, nothing } from './html.ts';

/** Path of the page; its actions are below it. */
export const MONITOR_PATH = '/admin/monitor';

/**
 * A whole page.
 * @param title of the window
 * @param body everything that is seen
 * @param looksAgainS when the page loads itself again, in seconds; default never
 */
export const page = (title: string, body: Html, looksAgainS?: number): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${looksAgainS === undefined ? nothing : html`<meta http-equiv="refresh" content="${looksAgainS}; url=${MONITOR_PATH}" />`}
        <title>${title}</title>
        <link rel="stylesheet" href="${MONITOR_PATH}/style.css" />
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;

/**
 * A part of the page with a heading that can be linked.
 * @param id of the heading
 * @param title words of the heading
 * @param body what is below it
 */
export const section = (id: string, title: string, body: Html): Html =>
  html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${body}
  </section> `;

type Content = Html | string | number;

/** One cell of a table: figures stay on one line, long text may break anywhere. */
export type Cell = Content | { number: Content } | { long: Content };

const contentOf = (cell: Cell): { kind: string; content: Content } => {
  if (typeof cell === 'object' && 'number' in cell) {
    return { kind: 'number', content: cell.number };
  }
  return typeof cell === 'object' && 'long' in cell
    ? { kind: 'long', content: cell.long }
    : { kind: 'text', content: cell };
};

/**
 * A table whose first column names its rows. Each cell repeats its heading as data, so that a narrow screen can show a
 * row as a card.
 * @param caption what it shows
 * @param heads one for each column; empty for a column of buttons
 * @param rows cells in the order of the heads
 * @param none said when there are no rows
 */
export const table = (
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  none: string,
): Html =>
  rows.length === 0
    ? html`<p class="soft">${none}</p>`
    : html`<table>
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            ${heads.map((head) => (head === '' ? html`<td></td>` : html`<th scope="col">${head}</th>`))}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (cells) =>
              html`<tr>
                ${cells.map((cell, column) => {
                  const { kind, content } = contentOf(cell);
                  return column === 0
                    ? html`<th scope="row">${content}</th>`
                    : html`<td data-head="${heads[column] ?? ''}" class="${content === '' ? 'blank' : kind}">
                        ${content}
                      </td>`;
                })}
              </tr> `,
          )}
        </tbody>
      </table>`;

/**
 * A word with a mark that does not need colour.
 * @param mood how things are
 * @param words what is said
 */
export const marked = (mood: 'good' | 'warning' | 'bad', words: string): Html =>
  html`<span class="${mood}">${words}</span>`;
