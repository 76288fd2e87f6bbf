import type { Writable } from 'node:stream';

/** Says what is going on while people wait for the start. */
export interface Progress {
  show(text: string): void;
  /** Makes room for what is printed next. */
  end(): void;
}

const CLEARED_LINE = '\r\u001b[2K';

/**
 * Progress of the start: one line that is written over in a terminal, else a line for each thing that is new.
 * @param output where it goes
 */
export function showProgressOn(output: Writable & { isTTY?: boolean }): Progress {
  if (output.isTTY === true) {
    return {
      show: (text) => void output.write(`${CLEARED_LINE}  ${text}`),
      end: () => void output.write(CLEARED_LINE),
    };
  }
  let shown = '';
  return {
    show(text) {
      if (text !== shown) {
        shown = text;
        output.write(`  ${text}\n`);
      }
    },
    end: () => undefined,
  };
}
