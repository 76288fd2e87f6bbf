import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { lostLogLines, openLogDestination } from './log-destination.ts';

it('appends lines to a file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orrery-log-'));
  const path = join(directory, 'orrery.log');
  const destination = openLogDestination(path);
  destination.write('{"message":"one"}\n');
  destination.write('{"message":"two"}\n');
  destination.close();

  expect(readFileSync(path, 'utf8')).toBe('{"message":"one"}\n{"message":"two"}\n');
  rmSync(directory, { recursive: true });
});

const withFullDevice = existsSync('/dev/full') ? it : it.skip;
withFullDevice('goes on when the disk is full, and counts what is lost', () => {
  const destination = openLogDestination('/dev/full');
  const before = lostLogLines();

  destination.write('{"message":"one"}\n');
  destination.write('{"message":"two"}\n');
  destination.close();

  expect(lostLogLines() - before).toBe(2);
});
