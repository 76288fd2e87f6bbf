import { describe, expect, it } from '@jest/globals';
import { holesOf, isUsableTemplate, TEMPLATES, type SuggestionKind } from './templates.ts';

describe('wordings of a model', () => {
  it.each(Object.entries(TEMPLATES))('accept our own sentence for %s', (kind, { texts }) => {
    expect(isUsableTemplate(kind as SuggestionKind, texts.en)).toBe(true);
  });

  it.each(Object.entries(TEMPLATES))('have the same holes in every language for %s', (_kind, { texts }) => {
    expect(holesOf(texts.fr)).toEqual(holesOf(texts.en));
    expect(holesOf(texts.ko)).toEqual(holesOf(texts.en));
  });

  it('accept another sentence with the same holes', () => {
    expect(
      isUsableTemplate(
        'subscriptions',
        'Subscriptions took {amount} this month, so end the ones you forgot.',
      ),
    ).toBe(true);
  });

  it.each([
    'Subscriptions took plenty this month, so end the ones you forgot.',
    'Subscriptions took {amount} and {amount} this month, so end the others.',
    'Subscriptions took {amount} this month, so end {name} first and soon.',
    'Subscriptions took {amount} of £20 this month, so end the others.',
    'Subscriptions took {amount} this month, save 10 of them at once.',
    'Subscriptions took {amount} this month. End the ones you forgot.',
    'Subscriptions took {amount} this month, see https://evil.example for more.',
    'Subscriptions took {amount} this month, two hundred pounds too much.',
    'Subscriptions took {amount} this month, half of it guaranteed lost.',
    'Subscriptions took {amount} this month, <b>end</b> the ones you forgot.',
    '{amount} gone.',
    `Subscriptions took {amount} this month, ${'and on '.repeat(40)} so end them.`,
    'Subscriptions took {amount} and {{amount}} this month, so end the others.',
  ])('refuse %s', (text) => {
    expect(isUsableTemplate('subscriptions', text)).toBe(false);
  });
});
