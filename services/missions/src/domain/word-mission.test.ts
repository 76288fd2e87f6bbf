import { describe, expect, it } from '@jest/globals';
import { LANGUAGES, POCKETC_SUBS } from '@orrery/contracts';
import { banRule, countRule, moneyRule, TEMPLATES } from './mission-rule.ts';
import { labelOf, wordMission } from './word-mission.ts';

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');

describe('the wording of a mission', () => {
  it('writes amounts as people of each language do', () => {
    const won = moneyRule('PER_TXN_DAILY', 4, { amountMinor: 8000, currency: 'KRW' });
    const euro = moneyRule('SPEND_CAP_WEEKLY', 6, { amountMinor: 123_450, currency: 'EUR' });

    expect(wordMission(won, 'ko', { bracketed: true })).toBe('<간식> 1건 8,000원 이하');
    expect(LANGUAGES.map((language) => plain(wordMission(euro, language)))).toEqual([
      'Restaurants: at most €1,234.50 this week',
      'Restaurants : 1 234,50 € au plus cette semaine',
      '외식 이번 주 €1,234.50 이하',
    ]);
  });

  it('names the part of the day and the weekday', () => {
    const night = banRule('TIME_BAN_DAILY', 5, { time_of_day: [{ start: '22:00', end: '06:00' }] });
    const thursday = banRule('DAY_BAN_WEEKLY', 1, { day_of_week: 'THURSDAY' });

    expect(wordMission(night, 'ko')).toBe('배달음식 오늘 야간(22:00–06:00)에 쓰지 않기');
    expect(wordMission(thursday, 'fr')).toBe('Cafés : aucun achat jeudi');
    expect(wordMission(countRule('COUNT_CAP_DAILY', 1, 2), 'en')).toBe('Coffee: at most 2 purchases today');
  });

  it('names every subcategory in every language, in Korean exactly as PocketC does', () => {
    for (const { id, name } of POCKETC_SUBS) {
      expect(labelOf(id, 'ko')).toBe(name);
      expect(labelOf(id, 'en').length * labelOf(id, 'fr').length).toBeGreaterThan(0);
    }
  });

  it('has a sentence for every template and language, with nothing left to fill in', () => {
    for (const template of TEMPLATES) {
      const rule = {
        ...moneyRule('SPEND_CAP_DAILY', 1, { amountMinor: 5000, currency: 'KRW' }),
        template,
        time_of_day: [{ start: '18:00', end: '22:00' }],
        day_of_week: 'MONDAY' as const,
      };
      for (const language of LANGUAGES) {
        const text = wordMission(rule, language);
        expect(text).not.toMatch(/undefined|NaN|\(\)| {2}/);
        expect(text.length).toBeGreaterThan(labelOf(1, language).length + 5);
      }
    }
  });
});
