import { createRequire } from 'node:module';
import { renderAsync } from '@resvg/resvg-js';

const require = createRequire(import.meta.url);

// Latin and Hangul, both under the SIL Open Font License; a bare machine or container has no fonts of its own.
const FONTS = [
  require.resolve('@expo-google-fonts/lato/400Regular/Lato_400Regular.ttf'),
  require.resolve('@expo-google-fonts/nanum-gothic/400Regular/NanumGothic_400Regular.ttf'),
];

/**
 * Draws a picture as PNG, in a thread of the runtime's pool.
 * @param svg the picture
 * @returns the bytes of the PNG
 */
export const renderPng = async (svg: string): Promise<Buffer> => {
  const image = await renderAsync(svg, {
    font: { fontFiles: FONTS, loadSystemFonts: false, defaultFontFamily: 'Lato' },
  });
  return image.asPng();
};

/**
 * A PNG as a data URI, for pages that show it in place.
 * @param svg the picture
 */
export const pngDataUri = async (svg: string): Promise<string> =>
  `data:image/png;base64,${(await renderPng(svg)).toString('base64')}`;
