import { fold } from './fold.ts';

const YES =
  /^(?:yes|yes please|yep|yeah|sure|ok|okay|confirm|confirmed|i confirm|do it|go ahead|please do|yes,? (?:do it|go ahead|please|confirm)|oui|oui,? (?:merci|vas-y|allez-y|s'il (?:te|vous) plait|je confirme)|d'accord|vas-y|allez-y|je confirme|confirme|confirmer|네|예|응|네,? (?:해 ?주세요|부탁해요|확인|좋아요)|좋아요?|그래요?|해 ?줘|해 ?주세요|확인|부탁해요?)$/;
const NO =
  /^(?:no|no thanks|no thank you|nope|cancel|stop|don't|do not|never mind|non|non merci|annule|annuler|annulez|pas maintenant|아니|아니요|아뇨|취소|취소해 ?(?:줘|주세요)?|됐어요?|하지 ?마(?:세요)?)$/;

/**
 * Whether a message does nothing but agree or decline. Anything more is a new question: consent must not be guessed.
 * @param text what the user wrote
 */
export function consentOf(text: string): 'yes' | 'no' | undefined {
  const folded = fold(text)
    .replaceAll(/[.!~…]+$/g, '')
    .trim();
  return YES.test(folded) ? 'yes' : NO.test(folded) ? 'no' : undefined;
}
