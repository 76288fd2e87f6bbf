import type { Language } from '@orrery/contracts';
import { AppError, type Runtime, type UserIdentity } from '@orrery/service-kit';
import { AcceptMission, CorrectCategory, SetBudget } from '../clients/routes.ts';
import type { WaitingAct } from '../store/act-store.ts';

const DONE: Readonly<Record<Language, (proposal: string) => string>> = {
  en: (proposal) => `Done. ${proposal}`,
  fr: (proposal) => `C’est fait. ${proposal}`,
  ko: (proposal) => `완료했어요. ${proposal}`,
};
const DECLINED: Readonly<Record<Language, string>> = {
  en: 'All right, I changed nothing.',
  fr: 'D’accord, je n’ai rien changé.',
  ko: '알겠어요. 아무것도 바꾸지 않았어요.',
};
const FAILED: Readonly<Record<Language, (reason: string) => string>> = {
  en: (reason) => `That was not possible, and nothing was changed. ${reason}`.trim(),
  fr: (reason) => `Cela n’a pas été possible, et rien n’a été changé. ${reason}`.trim(),
  ko: (reason) => `처리하지 못했고, 바뀐 것은 없어요. ${reason}`.trim(),
};
const UNSURE: Readonly<Record<Language, string>> = {
  en: 'I could not confirm that it worked. Please check before you ask again.',
  fr: 'Je n’ai pas pu vérifier que cela a fonctionné. Vérifiez avant de redemander.',
  ko: '처리되었는지 확인하지 못했어요. 다시 요청하시기 전에 확인해 주세요.',
};

/**
 * What is said when the user declines.
 * @param language of the user
 */
export const declined = (language: Language): string => DECLINED[language];

/**
 * Carries a change out that the user has confirmed, with the user's own rights, and says how it went.
 * @param client clients of other services
 */
export const createCarryOutAct =
  (client: Runtime<unknown>['client']) =>
  async ({ id, act, proposal }: WaitingAct, identity: UserIdentity, language: Language): Promise<string> => {
    const options = { identity, idempotencyKey: id };
    try {
      switch (act.kind) {
        case 'set-budget':
          await client('insights').call(
            SetBudget,
            {
              body: {
                category: act.category,
                amount: { amount: act.amount, currency: act.currency },
                period: act.period,
              },
            },
            options,
          );
          break;
        case 'accept-mission':
          await client('missions').call(AcceptMission, { params: { missionId: act.missionId } }, options);
          break;
        case 'set-category':
          await client('categorization').call(
            CorrectCategory,
            {
              params: { transactionId: act.transactionId },
              body: { category: act.category, applyToMerchant: act.wholeMerchant },
            },
            options,
          );
          break;
      }
      return DONE[language](proposal);
    } catch (error) {
      if (!(error instanceof AppError)) {
        throw error;
      }
      // A refusal changed nothing; after an outage nobody knows.
      return error.status < 500 ? FAILED[language](error.detail ?? '') : UNSURE[language];
    }
  };

export type CarryOutAct = ReturnType<typeof createCarryOutAct>;
