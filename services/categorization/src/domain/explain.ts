import { categoryBySlug } from '@orrery/contracts';
import type { DecisionSource, Language } from '@orrery/contracts';
import type { Evidence } from './types.ts';

type Phrase = (text: string, category: string) => string;

const PHRASES: Readonly<Record<Language, Readonly<Record<DecisionSource, Phrase>>>> = {
  en: {
    user: (_text, category) => `You filed this under ${category}.`,
    rule: (text, category) => `Your rule “${text}” says ${category}.`,
    memory: (text, category) => `You filed “${text}” under ${category} before.`,
    rail: (text, category) => `The bank’s wording “${text}” means ${category}.`,
    merchant: (text, category) => `“${text}” stands for ${category}.`,
    mcc: (_text, category) => `The card terminal’s trade code stands for ${category}.`,
    provider: (_text, category) => `Your bank’s data service says ${category}.`,
    model: (text, category) =>
      text === ''
        ? `It looks most like ${category}.`
        : `It looks like ${category}; these letters counted most: ${text}.`,
    none: () => 'Nothing in the text tells what this was.',
  },
  fr: {
    user: (_text, category) => `Vous l’avez classé dans « ${category} ».`,
    rule: (text, category) => `Votre règle « ${text} » indique « ${category} ».`,
    memory: (text, category) => `Vous avez déjà classé « ${text} » dans « ${category} ».`,
    rail: (text, category) => `Le libellé bancaire « ${text} » correspond à « ${category} ».`,
    merchant: (text, category) => `« ${text} » correspond à « ${category} ».`,
    mcc: (_text, category) => `Le code d’activité du terminal correspond à « ${category} ».`,
    provider: (_text, category) => `Le service de données de votre banque indique « ${category} ».`,
    model: (text, category) =>
      text === ''
        ? `Cela ressemble surtout à « ${category} ».`
        : `Cela ressemble à « ${category} » ; les lettres décisives : ${text}.`,
    none: () => 'Rien dans le libellé ne dit ce que c’était.',
  },
  ko: {
    user: (_text, category) => `직접 ‘${category}’(으)로 분류하셨습니다.`,
    rule: (text, category) => `사용자 규칙 ‘${text}’에 따라 ‘${category}’입니다.`,
    memory: (text, category) => `전에 ‘${text}’을(를) ‘${category}’(으)로 분류하셨습니다.`,
    rail: (text, category) => `거래 문구 ‘${text}’은(는) ‘${category}’을(를) 뜻합니다.`,
    merchant: (text, category) => `‘${text}’은(는) ‘${category}’에 해당합니다.`,
    mcc: (_text, category) => `카드 가맹점 업종 코드가 ‘${category}’에 해당합니다.`,
    provider: (_text, category) => `은행 데이터 서비스의 분류는 ‘${category}’입니다.`,
    model: (text, category) =>
      text === ''
        ? `‘${category}’와(과) 가장 비슷합니다.`
        : `‘${category}’와(과) 비슷합니다. 판단에 쓰인 글자: ${text}.`,
    none: () => '문구만으로는 무엇인지 알 수 없습니다.',
  },
};

/**
 * One piece of evidence as a sentence.
 * @param evidence the evidence
 * @param language language of the sentence
 */
export const explainEvidence = (evidence: Evidence, language: Language): string => {
  const category = categoryBySlug(evidence.category)?.names[language] ?? evidence.category;
  return PHRASES[language][evidence.kind](evidence.text, category);
};

/**
 * Evidence as sentences, strongest first; when there is none, one sentence says so.
 * @param evidence evidence of a decision
 * @param language language of the sentences
 */
export const explain = (
  evidence: readonly Evidence[],
  language: Language,
): { kind: DecisionSource; text: string; weight: number }[] =>
  evidence.length === 0
    ? [{ kind: 'none', text: PHRASES[language].none('', ''), weight: 0 }]
    : evidence.map((item) => ({
        kind: item.kind,
        text: explainEvidence(item, language),
        weight: item.weight,
      }));
