import type { Language } from '@orrery/contracts';
import { fold } from './fold.ts';

// Words that stand in nearly every question of a language and in none of the other.
const FRENCH = new Set(
  (
    'le la les des du au aux un une mon ma mes ai as est et ou quel quelle quels quelles combien comment pourquoi ' +
    'quand depuis chez pour sur dans avec plus moins que qui je tu vous nous ce cette ces mois dernier derniere ' +
    'derniers annee semaine depense depenses depenser revenu revenus bonjour merci oui non budget-il puis-je ' +
    'montre montrez affiche dettes dette abonnements abonnement solde soldes courses loyer combien'
  ).split(' '),
);
const ENGLISH = new Set(
  (
    'the a an my did do does is are was i me much many how what when where which who have has had on in at for of ' +
    'to and or this last month week year spend spent show compare than more less there it that can could should ' +
    'hello hi thanks yes no please set with from'
  ).split(' '),
);

/**
 * The language of a question.
 * @param text what the user wrote
 * @param fallback when the text shows none
 */
export function languageOf(text: string, fallback: Language): Language {
  if (/\p{Script=Hangul}/u.test(text)) {
    return 'ko';
  }
  const words = fold(text)
    .replaceAll(/\b(?:[dlnscmtj]|qu|jusqu)'/g, 'le ')
    .split(/[^\p{L}-]+/u);
  const french = words.filter((word) => FRENCH.has(word)).length + (/[éèêàçùœ]/iu.test(text) ? 1 : 0);
  const english = words.filter((word) => ENGLISH.has(word)).length;
  if (french === english) {
    return fallback;
  }
  return french > english ? 'fr' : 'en';
}
