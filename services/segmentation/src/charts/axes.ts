import { element, HEIGHT, label, WIDTH } from './svg.ts';
import type { Svg } from './svg.ts';

/** Numbers from `low` to `high` along an axis. */
export interface Scale {
  low: number;
  high: number;
  /** Where the grid lines are. */
  ticks: readonly number[];
}

/** Room around the plot, in pixels. */
const ROOM = { left: 70, right: 24, top: 52, bottom: 56 };
const TICKS = 5;

/**
 * A scale with round numbers that holds all values.
 * @param values what is to be shown, at least one
 * @param options `fromZero` for bars, whose length must be true
 */
export const scaleFor = (values: readonly number[], options: { fromZero?: boolean } = {}): Scale => {
  const lowest = Math.min(...values, ...(options.fromZero === true ? [0] : []));
  const highest = Math.max(...values, ...(options.fromZero === true ? [0] : []));
  const span = highest - lowest || Math.abs(highest) || 1;
  const power = 10 ** Math.floor(Math.log10(span / TICKS));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power * TICKS >= span) ?? 10) * power;
  const low = Math.floor(lowest / step) * step;
  const count = Math.max(1, Math.ceil((highest - low) / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_unused, index) => low + index * step);
  return { low, high: low + count * step, ticks };
};

/** Where a value of the horizontal axis is, in pixels. */
export const atX = ({ low, high }: Scale, value: number): number =>
  ROOM.left + ((value - low) / (high - low)) * (WIDTH - ROOM.left - ROOM.right);

/** Where a value of the vertical axis is, in pixels. */
export const atY = ({ low, high }: Scale, value: number): number =>
  HEIGHT - ROOM.bottom - ((value - low) / (high - low)) * (HEIGHT - ROOM.top - ROOM.bottom);

const tickText = (value: number): string =>
  Math.abs(value) >= 10_000
    ? `${String(Math.round(value / 100) / 10)}k`
    : String(Math.round(value * 1_000) / 1_000);

/**
 * Both axes with grid lines and titles.
 * @param x horizontal scale; undefined when the caller labels the bottom itself
 * @param y vertical scale
 * @param titles what the axes say
 */
export const axes = (x: Scale | undefined, y: Scale, titles: { x: string; y: string }): Svg => {
  const left = ROOM.left;
  const right = WIDTH - ROOM.right;
  const bottom = HEIGHT - ROOM.bottom;
  const rows = y.ticks.map(
    (tick) =>
      element('line', { x1: left, x2: right, y1: atY(y, tick), y2: atY(y, tick), stroke: '#dddddd' }) +
      label(left - 8, atY(y, tick) + 4, tickText(tick), { anchor: 'end', size: 12 }),
  );
  const columns = (x?.ticks ?? []).map((tick) =>
    x === undefined ? '' : label(atX(x, tick), bottom + 18, tickText(tick), { anchor: 'middle', size: 12 }),
  );
  return (
    rows.join('') +
    columns.join('') +
    element('line', { x1: left, x2: right, y1: bottom, y2: bottom, stroke: '#333333' }) +
    label((left + right) / 2, HEIGHT - 12, titles.x, { anchor: 'middle' }) +
    label(20, (ROOM.top + bottom) / 2, titles.y, { anchor: 'middle', turned: true })
  );
};
