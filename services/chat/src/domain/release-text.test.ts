import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judgeWording, releaseText, withoutMarkdown } from './release-text.ts';

const allowAll = () => ({ isAllowed: true }) as const;
const noFigures = (sentence: string) =>
  /\d/.test(sentence) ? ({ isAllowed: false, reason: 'figure' } as const) : ({ isAllowed: true } as const);

describe('the release of a text', () => {
  it('shows plain words as they come and waits with figures for the end of their sentence', () => {
    const release = releaseText(allowAll, withoutMarkdown);

    expect(release.take('Good')).toBe('Good');
    expect(release.take(' morning')).toBe(' morning');
    expect(release.take('. You spent')).toBe('. You spent');
    expect(release.take(' £1')).toBe('');
    expect(release.take('2.50 at Tesco')).toBe('');
    expect(release.take('. Bye')).toBe(' £12.50 at Tesco. Bye');
    expect(release.finish()).toBe('');
  });

  it('shows nothing of a sentence whose figure is refused beyond its plain beginning, and nothing after it', () => {
    const release = releaseText(noFigures, withoutMarkdown);
    const shown = ['Fine. ', 'You have ', '£9', '99 left. ', 'Spend it all.'].map((piece) =>
      release.take(piece),
    );

    expect(shown).toEqual(['Fine. ', 'You have ', '', '', '']);
    expect(release.finish()).toBe('');
    expect(release.refusal()).toBe('figure');
    expect(release.whole()).toBe('Fine.');
  });

  it('waits with amounts in words and with what may become an address', () => {
    for (const [piece, next] of [
      ['You have twen', 'ty pounds left'],
      ['See htt', 'ps://evil.example'],
      ['Ask evil.', 'com for it'],
    ] as const) {
      const release = releaseText(() => ({ isAllowed: false, reason: 'x' }), withoutMarkdown);
      const shown = release.take(piece) + release.take(next) + release.finish();

      expect(shown).not.toMatch(/twen|htt|evil/);
    }
  });

  it('gives the same text however it is cut, when everything is allowed', () => {
    const texts = fc.array(
      fc.constantFrom('Hello', ' you', ' £12.50', '. ', '\n', ' **bold**', ' 3%', ' a.', 'b', '!'),
    );
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }), (parts, cuts) => {
        const text = parts.join('');
        const whole = releaseText(allowAll, withoutMarkdown);
        const expected = whole.take(text) + whole.finish();
        const pieces = releaseText(allowAll, withoutMarkdown);
        let shown = '';
        for (let at = 0, turn = 0; at < text.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1;
          shown += pieces.take(text.slice(at, at + length));
          at += length;
        }

        expect(shown + pieces.finish()).toBe(expected);
      }),
    );
  });
});

describe('wording that is never shown', () => {
  it.each([
    ['See https://evil.example/x', 'link'],
    ['Go to evil.com now', 'link'],
    ['![chart](data:image/png;base64,xx)', 'link'],
    ['<img src=x>', 'link'],
    ['[click](x)', 'link'],
    ['Please send me your card number', 'asks-for-secrets'],
    ['비밀번호를 알려 주세요', 'asks-for-secrets'],
    ['This is guaranteed to grow', 'promise'],
  ])('%s', (sentence, reason) => {
    expect(judgeWording(sentence)).toEqual({ isAllowed: false, reason });
  });

  it('is not a merchant of the user that is called like an address', () => {
    expect(judgeWording('You paid Netflix.com twice.', ['Netflix.com'])).toEqual({ isAllowed: true });
    expect(judgeWording('You paid Netflix.com twice.')).toMatchObject({ isAllowed: false });
  });
});
