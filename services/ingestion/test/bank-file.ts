import iconv from 'iconv-lite';

const SHOPS = ['CORNER BAKERY', 'GREEN GROCER', 'CITY TRAMS', 'BOOK NOOK', 'RIVER CAFE'] as const;

/**
 * A file with `rows` different transactions, as an English bank would export it.
 * @param rows number of rows
 */
export const manyRows = (rows: number): string => {
  const lines = ['Date,Description,Amount'];
  for (let index = 0; index < rows; index += 1) {
    const day = new Date(Date.UTC(2024, 0, 1) + (index % 700) * 86_400_000).toISOString().slice(0, 10);
    const shop = SHOPS[index % SHOPS.length] ?? 'SHOP';
    lines.push(`${day},${shop} ${String(index)},-${String(1 + (index % 90))}.${String(10 + (index % 90))}`);
  }
  return lines.join('\n');
};

/**
 * A multipart form with a file, as a browser sends it.
 * @param content text or bytes of the file
 * @param fields other fields; objects are sent as JSON
 * @param encoding encoding of a text
 */
export const formWith = (
  content: string | Buffer,
  fields: Record<string, string | object> = {},
  encoding = 'utf-8',
): FormData => {
  const form = new FormData();
  const bytes = typeof content === 'string' ? iconv.encode(content, encoding) : content;
  form.set('file', new Blob([new Uint8Array(bytes)], { type: 'text/csv' }), 'statement.csv');
  for (const [name, value] of Object.entries(fields)) {
    form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return form;
};
