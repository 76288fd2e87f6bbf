import { createRequire } from 'node:module';
import { renderAsync } from '@resvg/resvg-js';
import { LRUCache } from 'lru-cache';

const require = createRequire(import.meta.url);

// Latin and Hangul, both under the SIL Open Font License; a bare machine or container has no fonts of its own.
const FONTS = [
  require.resolve('@expo-google-fonts/lato/400Regular/Lato_400Regular.ttf'),
  require.resolve('@expo-google-fonts/nanum-gothic/400Regular/NanumGothic_400Regular.ttf'),
];

/** Pictures of a version never change, and drawing one takes some 20 ms of a processor. */
const KEPT = 64;

/** Draws pictures as PNG. */
export interface PngRenderer {
  /**
   * @param svg the picture
   * @returns the bytes of the PNG
   */
  render(svg: string): Promise<Buffer>;
  /**
   * A PNG for pages that show it in place.
   * @param svg the picture
   * @returns a data URI
   */
  dataUri(svg: string): Promise<string>;
}

/** Makes a renderer that draws in a thread of the runtime's pool and remembers its latest pictures. */
export const createPngRenderer = (): PngRenderer => {
  const kept = new LRUCache<string, Buffer>({ max: KEPT });
  const render = async (svg: string): Promise<Buffer> => {
    const known = kept.get(svg);
    if (known !== undefined) {
      return known;
    }
    const image = await renderAsync(svg, {
      font: { fontFiles: FONTS, loadSystemFonts: false, defaultFontFamily: 'Lato' },
    });
    const png = image.asPng();
    kept.set(svg, png);
    return png;
  };
  return {
    render,
    dataUri: async (svg) => `data:image/png;base64,${(await render(svg)).toString('base64')}`,
  };
};
