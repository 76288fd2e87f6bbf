/** Size of every chart, in pixels. */
export const WIDTH = 720;
export const HEIGHT = 440;

/** Part of a picture. */
export type Svg = string;

// Okabe and Ito's palette, told apart by people with any colour vision, and three shades to reach ten clusters.
const COLOURS = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#d55e00',
  '#7f7f7f',
  '#b3a100',
  '#5e3c99',
  '#1b1b1b',
] as const;
const INK = '#333333';

/**
 * Colour of a cluster.
 * @param number its number
 */
export const colourOf = (number: number): string => COLOURS[number % COLOURS.length] ?? INK;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign);

/** A number short enough for a picture, without `-0`. */
const short = (value: number | string): string =>
  typeof value === 'number' ? String(Math.round(value * 100) / 100 + 0) : escaped(value);

/**
 * An element.
 * @param name its name
 * @param attributes numbers are rounded, texts escaped
 * @param content elements or escaped text inside
 */
export const element = (
  name: string,
  attributes: Readonly<Record<string, number | string>>,
  content: Svg = '',
): Svg => {
  const list = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${short(value)}"`)
    .join('');
  return content === '' ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`;
};

/**
 * A line of text.
 * @param x left, middle or right end by `anchor`
 * @param y base line
 * @param words what it says
 * @param style anchor and size
 */
export const label = (
  x: number,
  y: number,
  words: string,
  style: { anchor?: 'start' | 'middle' | 'end'; size?: number; turned?: boolean } = {},
): Svg =>
  element(
    'text',
    {
      x,
      y,
      'text-anchor': style.anchor ?? 'start',
      'font-size': style.size ?? 13,
      fill: INK,
      ...(style.turned === true ? { transform: `rotate(-90 ${short(x)} ${short(y)})` } : {}),
    },
    escaped(words),
  );

/**
 * A whole picture with a title.
 * @param title what it shows
 * @param content its parts
 */
export const picture = (title: string, content: Svg): Svg =>
  element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: WIDTH,
      height: HEIGHT,
      viewBox: `0 0 ${String(WIDTH)} ${String(HEIGHT)}`,
      'font-family': 'Lato, Nanum Gothic, sans-serif',
      role: 'img',
    },
    element('title', {}, escaped(title)) +
      element('rect', { width: WIDTH, height: HEIGHT, fill: '#ffffff' }) +
      label(WIDTH / 2, 30, title, { anchor: 'middle', size: 18 }) +
      content,
  );
