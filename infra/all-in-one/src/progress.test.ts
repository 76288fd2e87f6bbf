import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { showProgressOn } from './progress.ts';

function written(isTTY: boolean, texts: string[]): string {
  const output = Object.assign(new PassThrough(), { isTTY });
  const progress = showProgressOn(output);
  for (const text of texts) {
    progress.show(text);
  }
  progress.end();
  return String(output.read());
}

test('a file or pipe gets each state once, however often it was asked for', () => {
  expect(written(false, ['0 of 9', '0 of 9', '0 of 9', '5 of 9', '9 of 9', '9 of 9'])).toBe(
    '  0 of 9\n  5 of 9\n  9 of 9\n',
  );
});

test('a terminal shows one line that is written over and taken away at the end', () => {
  expect(written(true, ['0 of 9', '9 of 9'])).toBe('\r\u001b[2K  0 of 9\r\u001b[2K  9 of 9\r\u001b[2K');
});
