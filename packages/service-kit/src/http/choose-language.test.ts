import { describe, expect, it } from '@jest/globals';
import { chooseLanguage } from './choose-language.ts';

describe('language of an answer', () => {
  it('takes the best language of the header that we speak', () => {
    expect(chooseLanguage('de, ko-KR;q=0.5, fr-CA;q=0.9', 'en')).toBe('fr');
    expect(chooseLanguage('fr;q=0, ko', 'en')).toBe('ko');
  });

  it('falls back when the header names none or makes no sense', () => {
    expect(chooseLanguage(undefined, 'fr')).toBe('fr');
    expect(chooseLanguage('*', 'ko')).toBe('ko');
    expect(chooseLanguage(';;q=x,', 'en')).toBe('en');
  });

  it('prefers what the user set', () => {
    expect(chooseLanguage('fr', 'en', 'ko')).toBe('ko');
  });
});
