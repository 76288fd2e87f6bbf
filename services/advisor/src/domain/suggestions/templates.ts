import type { Language } from '@orrery/contracts';

/** The four words that clients know. */
export type SuggestionCategory = 'Spending' | 'Budgeting' | 'Savings' | 'Debt';

/** A kind of advice: its category, and our own wording with a hole in braces for each fact. */
export interface SuggestionTemplate {
  category: SuggestionCategory;
  texts: Record<Language, string>;
}

/** Every kind of suggestion. */
export const TEMPLATES = {
  'close-gap': {
    category: 'Budgeting',
    texts: {
      en: 'Expenses and debt payments are {gap} more than your income this month; decide today which spending can wait.',
      fr: "Ce mois-ci, les dépenses et les remboursements dépassent vos revenus de {gap} ; décidez dès aujourd'hui des dépenses qui peuvent attendre.",
      ko: '이번 달 지출과 부채 상환이 수입보다 {gap} 더 많아요. 미룰 수 있는 지출을 오늘 정해 보세요.',
    },
  },
  'budgets-above-income': {
    category: 'Budgeting',
    texts: {
      en: 'Your budgets add up to {budgets}, which is more than your income of {income}; lower the least important one.',
      fr: 'Vos budgets totalisent {budgets}, soit plus que vos revenus de {income} ; réduisez le moins important.',
      ko: '예산 합계 {budgets}이(가) 수입 {income}보다 많아요. 가장 덜 중요한 예산을 줄여 보세요.',
    },
  },
  unplanned: {
    category: 'Budgeting',
    texts: {
      en: 'Spending of {amount} this month has no budget; set one for {name} first.',
      fr: "Des dépenses de {amount} n'ont pas de budget ce mois-ci ; commencez par en fixer un pour {name}.",
      ko: '이번 달 지출 중 {amount}에는 예산이 없어요. 먼저 {name} 예산을 정해 보세요.',
    },
  },
  household: {
    category: 'Budgeting',
    texts: {
      en: 'You and your partner share budgets of {amount} this month; look at them together before the month ends.',
      fr: 'Votre partenaire et vous partagez des budgets de {amount} ce mois-ci ; regardez-les ensemble avant la fin du mois.',
      ko: '이번 달 배우자와 함께 쓰는 예산은 {amount}이에요. 달이 끝나기 전에 함께 살펴보세요.',
    },
  },
  'record-income': {
    category: 'Budgeting',
    texts: {
      en: 'No income is recorded for this month; add it, so that your plan can tell what remains.',
      fr: "Aucun revenu n'est enregistré ce mois-ci ; ajoutez-le pour savoir ce qui reste.",
      ko: '이번 달 수입이 기록되지 않았어요. 남는 돈을 알 수 있도록 추가해 주세요.',
    },
  },
  'plan-next-month': {
    category: 'Budgeting',
    texts: {
      en: 'Write down the budget of next month before it starts, while this month is still in your mind.',
      fr: "Notez le budget du mois prochain avant qu'il ne commence, tant que ce mois-ci est encore frais.",
      ko: '이번 달의 기억이 남아 있을 때 다음 달 예산을 미리 적어 두세요.',
    },
  },
  'budget-nearly-used': {
    category: 'Budgeting',
    texts: {
      en: 'You have used {spent} of your {limit} budget for {name}; slow down there until the period ends.',
      fr: "Vous avez utilisé {spent} de votre budget de {limit} pour {name} ; ralentissez jusqu'à la fin de la période.",
      ko: '{name} 예산 {limit} 중 {spent}을(를) 썼어요. 기간이 끝날 때까지 속도를 늦춰 보세요.',
    },
  },
  'shortfall-ahead': {
    category: 'Budgeting',
    texts: {
      en: 'Your balance may fall to {lowest} around {day}; move a payment or set money aside before then.',
      fr: "Votre solde pourrait descendre à {lowest} vers le {day} ; décalez un paiement ou mettez de l'argent de côté d'ici là.",
      ko: '{day} 무렵 잔액이 {lowest}까지 줄 수 있어요. 그 전에 결제를 옮기거나 돈을 남겨 두세요.',
    },
  },
  'debt-share': {
    category: 'Debt',
    texts: {
      en: 'Debt payments take {share} of your income; talk to a free debt advice service before taking on anything new.',
      fr: 'Les remboursements prennent {share} de vos revenus ; parlez à un service gratuit de conseil avant tout nouvel engagement.',
      ko: '부채 상환이 수입의 {share}을(를) 차지해요. 새로 빌리기 전에 무료 부채 상담을 받아 보세요.',
    },
  },
  'dearest-debt': {
    category: 'Debt',
    texts: {
      en: 'Put any spare money towards {name} first, because at {rate} a year it is the dearest debt you have.',
      fr: "Consacrez d'abord l'argent disponible à {name} : à {rate} par an, c'est votre dette la plus chère.",
      ko: '여윳돈은 {name}부터 갚으세요. 연 {rate}로 가장 비싼 빚이에요.',
    },
  },
  'debt-due': {
    category: 'Debt',
    texts: {
      en: 'Your payment for {name} is due on {day}; make sure that {payment} is on the account the day before.',
      fr: 'Votre échéance pour {name} est le {day} ; veillez à avoir {payment} sur le compte la veille.',
      ko: '{name} 납부일은 {day}이에요. 전날까지 {payment}이(가) 계좌에 있도록 해 주세요.',
    },
  },
  'wants-above-target': {
    category: 'Spending',
    texts: {
      en: 'Non-essential spending takes {share} of your income this month; bring it towards {target} by pausing {name}.',
      fr: 'Les dépenses non essentielles prennent {share} de vos revenus ce mois-ci ; visez {target} en mettant {name} en pause.',
      ko: '이번 달 비필수 지출이 수입의 {share}이에요. {name}을(를) 쉬어 {target}에 가깝게 줄여 보세요.',
    },
  },
  duplicate: {
    category: 'Spending',
    texts: {
      en: '{name} was paid more than once this month, {amount} in all; check whether one of the payments is a mistake.',
      fr: "{name} a été payé plusieurs fois ce mois-ci, {amount} en tout ; vérifiez si l'un des paiements est une erreur.",
      ko: '{name}이(가) 이번 달 여러 번 결제되어 모두 {amount}이에요. 잘못된 결제가 있는지 확인해 보세요.',
    },
  },
  subscriptions: {
    category: 'Spending',
    texts: {
      en: 'Your subscriptions cost {amount} this month; cancel those that you have not used lately.',
      fr: "Vos abonnements coûtent {amount} ce mois-ci ; résiliez ceux que vous n'avez pas utilisés récemment.",
      ko: '이번 달 구독료는 {amount}이에요. 최근 쓰지 않은 구독은 해지해 보세요.',
    },
  },
  'greatest-want': {
    category: 'Spending',
    texts: {
      en: '{name} is your largest non-essential expense this month at {amount}; set yourself a limit for it.',
      fr: '{name} est votre plus grande dépense non essentielle ce mois-ci avec {amount} ; fixez-vous une limite.',
      ko: '{name}이(가) 이번 달 가장 큰 비필수 지출로 {amount}이에요. 한도를 정해 보세요.',
    },
  },
  'spending-grew': {
    category: 'Spending',
    texts: {
      en: 'You spent {current} this month after {previous} in the month before; look at what changed.',
      fr: 'Vous avez dépensé {current} ce mois-ci après {previous} le mois précédent ; regardez ce qui a changé.',
      ko: '지난달 {previous}에서 이번 달 {current}(으)로 지출이 늘었어요. 무엇이 달라졌는지 살펴보세요.',
    },
  },
  'price-rose': {
    category: 'Spending',
    texts: {
      en: '{name} went up from {previous} to {amount}; compare prices before the next payment.',
      fr: '{name} est passé de {previous} à {amount} ; comparez les prix avant le prochain paiement.',
      ko: '{name} 요금이 {previous}에서 {amount}(으)로 올랐어요. 다음 결제 전에 가격을 비교해 보세요.',
    },
  },
  'unusual-payment': {
    category: 'Spending',
    texts: {
      en: 'The payment of {amount} to {name} on {day} is unusual for you; check that it was meant.',
      fr: "Le paiement de {amount} à {name} le {day} est inhabituel pour vous ; vérifiez qu'il était voulu.",
      ko: '{day} {name}에 결제한 {amount}은(는) 평소와 달라요. 직접 한 결제인지 확인해 보세요.',
    },
  },
  'segment-habit': {
    category: 'Spending',
    texts: {
      en: 'You spend like the group {segment}, which puts most into {categories}; decide which of these matter to you.',
      fr: 'Vous dépensez comme le groupe {segment}, qui consacre le plus à {categories} ; décidez de ce qui compte pour vous.',
      ko: '{segment} 그룹과 소비가 비슷해요. 이 그룹은 {categories}에 가장 많이 써요. 나에게 중요한 것을 정해 보세요.',
    },
  },
  'compare-bills': {
    category: 'Spending',
    texts: {
      en: 'Compare the price of one regular bill this month and ask the provider for a better offer.',
      fr: "Comparez le prix d'une facture régulière ce mois-ci et demandez une meilleure offre au fournisseur.",
      ko: '이번 달 정기 요금 하나의 가격을 비교하고 더 나은 조건을 요청해 보세요.',
    },
  },
  'goal-overdue': {
    category: 'Savings',
    texts: {
      en: 'Your goal {name} was planned for {day} and {missing} is still missing; give it a new date or a smaller target.',
      fr: 'Votre objectif {name} était prévu pour le {day} et il manque encore {missing} ; donnez-lui une nouvelle date ou une cible plus petite.',
      ko: '{name} 목표일은 {day}이었고 아직 {missing}이(가) 부족해요. 날짜나 금액을 다시 정해 보세요.',
    },
  },
  'goal-next-step': {
    category: 'Savings',
    texts: {
      en: 'Set aside {amount} for {name} this month to reach it by {day}.',
      fr: "Mettez {amount} de côté pour {name} ce mois-ci afin d'y arriver le {day}.",
      ko: '{day}까지 {name}을(를) 이루려면 이번 달 {amount}을(를) 모아 두세요.',
    },
  },
  'start-goal': {
    category: 'Savings',
    texts: {
      en: 'After expenses and debt payments {amount} remains this month; start a savings goal with part of it.',
      fr: "Après dépenses et remboursements, il reste {amount} ce mois-ci ; commencez un objectif d'épargne avec une partie.",
      ko: '지출과 상환 후 이번 달 {amount}이(가) 남아요. 일부로 저축 목표를 시작해 보세요.',
    },
  },
  'spare-money': {
    category: 'Savings',
    texts: {
      en: 'After your savings goals {amount} has no task yet this month; give it to a goal, a debt or a reserve.',
      fr: "Après vos objectifs d'épargne, {amount} n'ont pas encore d'usage ce mois-ci ; donnez-les à un objectif, une dette ou une réserve.",
      ko: '저축 목표를 빼고도 이번 달 {amount}의 쓸 곳이 정해지지 않았어요. 목표, 빚, 비상금 중에 정해 보세요.',
    },
  },
  'save-first': {
    category: 'Savings',
    texts: {
      en: 'Move a small fixed amount to savings on the day your income arrives, before anything is spent.',
      fr: 'Mettez une petite somme fixe de côté le jour où vos revenus arrivent, avant toute dépense.',
      ko: '수입이 들어오는 날, 쓰기 전에 적은 금액이라도 먼저 저축해 보세요.',
    },
  },
} as const satisfies Record<string, SuggestionTemplate>;

export type SuggestionKind = keyof typeof TEMPLATES;

/** English wordings of a model by kind; kinds without one keep ours. */
export type PhraseBook = ReadonlyMap<SuggestionKind, string>;

/**
 * The holes of a text, sorted.
 * @param text a template
 */
export const holesOf = (text: string): string[] =>
  [...text.matchAll(/\{([a-z]+)\}/g)].map(([, hole = '']) => hole).sort();

const LENGTH = { least: 30, most: 220 };
/** Figures, signs, number words and addresses have no place in a template: facts come in by the holes alone. */
const FORBIDDEN =
  /[\p{Nd}\p{Sc}%<>[\]\\`*_#\n\r]|https?:|www\.|@|(?<!\p{L})(?:hundred|thousand|million|half|third|quarter|double|twice|percent|per cent|pounds?|pence|guarantee\w*|promise\w*)(?!\p{L})/iu;

/**
 * Whether a model's wording may stand in for ours: the same holes, once each, nothing that states a fact, one sentence.
 * @param kind the kind of suggestion
 * @param text the model's wording
 */
export const isUsableTemplate = (kind: SuggestionKind, text: string): boolean => {
  const holes = holesOf(text);
  const words = text.replace(/\{[a-z]+\}/g, '');
  const isOneSentence = /^[^.!?]+[.!?]$/.test(words.trim());
  return (
    text.length >= LENGTH.least &&
    text.length <= LENGTH.most &&
    isOneSentence &&
    !/[{}]/.test(words) &&
    !FORBIDDEN.test(words) &&
    JSON.stringify(holes) === JSON.stringify(holesOf(TEMPLATES[kind].texts.en))
  );
};
