import { periodContaining, type CalendarDay } from '@orrery/calendar';
import type { Language } from '@orrery/contracts';
import { amountOf, type NamedAmount } from './amounts.ts';
import { categoryOf } from './categories.ts';
import { fold } from './fold.ts';
import { languageOf } from './language-of.ts';
import { merchantOf } from './merchants.ts';
import { periodBefore, timeWordsOf, type Period, type TimeWords } from './periods.ts';

/** What a question is about. */
export type Topic =
  | 'spending'
  | 'breakdown'
  | 'average'
  | 'compare'
  | 'largest'
  | 'latest'
  | 'list'
  | 'income'
  | 'net'
  | 'balances'
  | 'budgets'
  | 'recurring'
  | 'forecast'
  | 'missions'
  | 'debts'
  | 'profile'
  | 'set-budget'
  | 'accept-mission'
  | 'set-category'
  | 'greeting'
  | 'thanks'
  | 'help'
  | 'others'
  | 'unknown';

/** A question as the rules understand it. */
export interface Reading {
  topic: Topic;
  language: Language;
  period: Period | undefined;
  /** The period to compare with. */
  against: Period | undefined;
  category: string | undefined;
  merchant: string | undefined;
  amount: NamedAmount | undefined;
  /** What a breakdown is by. */
  groupBy: 'category' | 'merchant' | 'month' | undefined;
  /** It counts purchases rather than adding them up. */
  isCount: boolean;
  /** How many rows it asks for. */
  limit: number | undefined;
  direction: 'in' | 'out' | undefined;
  /** It asks for subscriptions, not for every regular payment. */
  isAboutSubscriptions: boolean;
}

/** What the rules know beside the text. */
export interface QuestionContext {
  today: CalendarDay;
  /** The user's main currency. */
  currency: string;
  /** Merchants of the user, the most frequent first. */
  merchants: readonly string[];
  fallbackLanguage: Language;
}

type TopicRule = readonly [topic: Topic, pattern: RegExp];

// Tried in this order; the first that matches decides. All patterns are for folded text.
const TOPIC_RULES: readonly TopicRule[] = [
  [
    'others',
    /\b(?:other|another|all|every|someone else's|somebody else's) (?:user|users|customer|customers|people|person|client|clients)\b|\b(?:system prompt|your instructions|previous instructions|your prompt|developer mode|jailbreak|api key|password|secret key|access token|service token)\b|\b(?:autres|tous les) (?:utilisateurs|clients)\b|\b(?:instructions (?:precedentes|systeme)|mot de passe|cle api)\b|\b(?:user|customer|utilisateur|client) (?:id )?[0-9a-f-]{8,}\b|(?:사용자|고객|회원) ?[0-9a-f-]{8,}|다른 ?(?:사용자|사람|고객)|모든 ?(?:사용자|고객)|시스템 ?프롬프트|이전 ?지시|비밀번호/,
  ],
  [
    'set-budget',
    /\b(?:set|create|make|add|give me|put|start)\b.*\bbudgets?\b|\bbudget (?:me|for me)\b|\b(?:cree|creer|creez|mets|mettre|mettez|fixe|fixer|fixez|ajoute|definis|definir)\b.*\bbudget\b|예산.*(?:만들어|설정|세워|정해|잡아)/,
  ],
  [
    'accept-mission',
    /\b(?:accept|take on|start|join)\b.*\bmission\b|\b(?:accepte|accepter|accepteR|commence|releve)\b.*\bmission\b|미션.*(?:수락|시작|참여|받을)/,
  ],
  [
    'set-category',
    /\b(?:categori[sz]e|recategori[sz]e|re-categori[sz]e|move|mark|file|change the category|set the category)\b.*\b(?:as|to|under|of|into)\b|\b(?:classe|classer|categorise|categoriser|range|changer la categorie|change la categorie)\b|(?:분류|카테고리).*(?:바꿔|변경|해 ?줘|옮겨)/,
  ],
  ['missions', /\bmissions?\b|\bchallenges?\b|\bdefis?\b|미션|도전/],
  [
    'debts',
    /\bdebts?\b|\bowe\b|\bavalanche\b|\bsnowball\b|\bpay(?:ing)? off\b|\bloans?\b(?! payments)|\bdettes?\b|\bcredits?\b(?! card purchases)|\brembourser\b|\bemprunts?\b|\bboule de neige\b|빚|부채|대출(?!금 ?상환)|갚/,
  ],
  [
    'forecast',
    /\bsafe to spend\b|\b(?:how much|what) (?:can|could|may) i (?:still |safely )?spend\b|\bleft to spend\b|\bcan i (?:afford|buy|spend)\b|\brun out\b|\boverdrawn\b|\bforecast\b|\bgo(?:ing)? (?:below zero|negative)\b|\bbelow zero\b|\bcombien (?:puis-je|je peux|est-ce que je peux)(?: encore)? (?:depenser|me permettre)\b|\breste a depenser\b|\bpuis-je (?:encore )?(?:depenser|acheter|m'offrir|me permettre)\b|\bprevisions?\b|\ba decouvert\b|\bdans le rouge\b|얼마(?:나)? ?(?:더 ?)?(?:쓸|써도|쓸 수)|써도 ?(?:돼|되|될)|쓸 ?수 ?있|살 ?수 ?있|사도 ?(?:돼|되|될)|예상 ?잔액|바닥|마이너스/,
  ],
  ['budgets', /\bbudgets?\b|예산/],
  [
    'recurring',
    /\bsubscriptions?\b|\brecurring\b|\bregular (?:payments?|bills?|income)\b|\bstanding orders?\b|\bdirect debits?\b|\bupcoming (?:bills?|payments?)\b|\bbills? (?:are|is) (?:due|coming)\b|\bnext (?:payment|bill)\b|\bwhen is my next\b|\babonnements?\b|\brecurrents?\b|\bprelevements?\b|\bprochaine? (?:paiement|facture|echeance|prelevement)\b|구독|정기 ?(?:결제|지출|수입)|자동 ?이체|다음 ?결제/,
  ],
  [
    'profile',
    /\bwhat (?:kind|type|sort) of spender\b|\bspending (?:profile|type|personality|segment)\b|\bmy (?:segment|profile|persona)\b|\bquel (?:type|genre|profil) de (?:depensier|consommateur)\b|\bmon profil\b|소비 ?(?:성향|유형|타입|프로필)|어떤 ?소비자/,
  ],
  [
    'balances',
    /\bbalances?\b|\bhow much (?:money )?(?:do i have|have i got|is (?:in|on) my)\b|\bin my (?:bank )?accounts?\b|\bsoldes?\b|\bcombien (?:d'argent )?(?:ai-je|j'ai|est-ce que j'ai) (?:sur|au total|d'argent)\b|\bcombien d'argent\b|\bsur mes? comptes?\b|잔액|잔고|통장에|계좌에/,
  ],
  [
    'largest',
    /\b(?:biggest|largest|highest|most expensive|priciest|top (?:\d+|five|three|ten) (?:purchases?|payments?|transactions?|expenses?))\b(?!.*\b(?:categor|merchant|shop|store)).*|\b(?:plus (?:gros|grosse|grosses|grande|grandes|grand|grands|cher|chere|cheres|eleve|elevee|elevees))\b(?!.*\b(?:categorie|marchand|magasin|poste))|(?:가장|제일) ?(?:큰|비싼|많이 ?나간)(?!.*(?:카테고리|항목|분야|가맹점))/,
  ],
  [
    'compare',
    /\bcompare\b|\bcompared (?:to|with)\b|\bcomparison\b|\bversus\b|\bvs\.?\b|\b(?:more|less|fewer)\b.*\bthan\b|\bdifference between\b|\b(?:gone up|gone down|increased?|decreased?|risen|dropped|fallen|changed?)\b|\bcompare[rz]?\b|\bcomparaison\b|\bpar rapport\b|\b(?:plus|moins)\b.*\b(?:que|qu'en|qu'au)\b|\b(?:augmente|baisse|diminue|evolue)e?s?\b|비교|보다|늘었|줄었|증가|감소|차이/,
  ],
  ['average', /\baverage\b|\bon average\b|\btypical(?:ly)? (?:month|spend)|\bmoyenne\b|\ben moyenne\b|평균/],
  [
    'breakdown',
    /\bbreak ?down\b|\bwhere (?:does|did|is|has) (?:all )?my money\b|\b(?:by|per|each) (?:category|categories|merchant|month)\b|\btop (?:\d+ |three |five )?(?:categories|category|merchants?|shops?|stores?)\b|\bwhich (?:categor(?:y|ies)|merchants?|shops?|stores?)\b|\bwhat (?:do|did|have) i (?:mostly |mainly )?spen[dt] (?:the )?(?:most|my money)\b|\b(?:biggest|largest|highest) (?:spending )?(?:categor(?:y|ies)|merchants?|shops?|stores?)\b|\b(?:ou|dans quoi) (?:passe|part|va|est passe) mon argent\b|\bpar (?:categorie|marchand|mois|magasin|poste)\b|\bquell?es? (?:categories?|marchands?|magasins?)\b|\brepartition\b|\bprincipaux (?:postes|marchands)\b|\bplus (?:gros|grosse|grosses|grands) (?:categories?|postes?|marchands?)\b|카테고리별|항목별|월별|가맹점별|어디에 ?(?:가장|제일|많이|돈|얼마)|(?:가장|제일) ?(?:많이|큰).*(?:카테고리|항목|분야|가맹점|곳|데)/,
  ],
  [
    'net',
    /\b(?:did|have|do|am) i (?:save|saved|saving)\b|\bhow much (?:did|have|do) i sav(?:e|ed)\b|\bnet\b|\bleft over\b|\bwhat(?:'s| is| was) left\b|\bincome (?:and|against|versus|vs\.?|minus) (?:spending|expenses|expenditure)\b|\bspend(?:ing)? more than i (?:earn|make)\b|\bcash ?flow\b|\b(?:combien )?(?:ai-je|j'ai) (?:economise|epargne|mis de cote)\b|\brevenus? (?:et|moins|contre|par rapport aux?) (?:mes )?depenses\b|\bqu(?:e|')? ?(?:me )?reste(?:-t-il|-t-il)?\b|\bbilan\b|얼마(?:나)? ?(?:모았|저축|남았)|수입(?:과|이랑|하고|,)? ?지출|남은 ?돈|수지/,
  ],
  [
    'income',
    /\bincome\b|\b(?:did|do|have) i (?:earn|earned|make|made|receive|received|get paid|been paid)\b|\bearn(?:ed|ings?)?\b|\bpaid to me\b|\bmy (?:salary|wages|pay)\b|\brevenus?\b|\bsalaires?\b|\bgagne[rz]?\b|\btouche[rz]?\b|\brecu\b|수입|소득|월급|급여|벌었|번 ?돈/,
  ],
  [
    'latest',
    /\bwhen (?:did|was|is|have) (?:i|my)\b.*\b(?:last|latest|recent)?\b|\b(?:my )?(?:last|latest|most recent) (?:purchase|payment|transaction|time|visit|order|expense)\b|\bderni(?:er|ere) (?:achat|paiement|transaction|fois|depense|operation)\b|\bquand (?:ai-je|est-ce que|j'ai)\b|마지막(?:으로)?|언제|최근 ?(?:거래|결제|구매)(?! ?내역)/,
  ],
  [
    'list',
    /\b(?:show|list|display|see|find|give)\b.*\b(?:transactions?|purchases?|payments?|expenses?|spending)\b|\bwhat did i (?:buy|pay for|spend on)\b|\b(?:transactions?|purchases?|payments?) (?:over|above|more than|larger than)\b|\bmy (?:recent |latest |last )?(?:transactions|purchases|payments)\b|\b(?:montre|montrez|affiche|affichez|liste|listez|trouve)\b.*\b(?:transactions?|achats?|paiements?|operations?|depenses?)\b|\bmes (?:derniers |dernieres )?(?:transactions|achats|paiements|operations)\b|\bqu'(?:ai-je|est-ce que j'ai) achete\b|(?:거래|결제|구매|지출) ?내역|뭐 ?샀|무엇을 ?샀|보여/,
  ],
  [
    'spending',
    /\bspen[dt](?:ing)?\b|\bspends\b|\bpaid\b|\bpay\b|\bcost(?:s|ing)?\b|\bexpenses?\b|\bexpenditure\b|\bhow (?:much|many)\b|\bdepens(?:e|es|er|ees?|ons|ez)\b|\bpaye[erz]?\b|\bcout(?:e|er|ent|s)?\b|\bcombien\b|지출|썼|쓴|소비|얼마|결제|사용|몇 ?번|몇 ?건|나갔/,
  ],
  [
    'help',
    /\b(?:help|what can you do|what can i ask|how does this work)\b|\b(?:aide|aidez-moi|que peux-tu|que pouvez-vous|que sais-tu)\b|도와|도움|뭘 ?할 ?수|무엇을 ?할 ?수|어떤 ?질문/,
  ],
  ['thanks', /^(?:many )?(?:thanks|thank you|cheers|merci|merci beaucoup|고마워|고맙습니다|감사)/],
  ['greeting', /^(?:hi|hello|hey|good (?:morning|afternoon|evening)|bonjour|bonsoir|salut|coucou|안녕)/],
];

const FOLLOW_UP =
  /^(?:and|what about|how about|same|also|or|and what about|et|et pour|qu'en est-il|meme chose|그럼|그러면|그리고|그렇다면|그건)\b|^(?:그럼|그러면|그리고|그건)|[은는도](?:요)?\??$|\b(?:there|that|those|it|them|the same)\b|\b(?:la-bas|y|cela|ca|ceux-la)\b|거기|그곳|그것|그거/;
const COUNT =
  /\bhow many\b|\bhow often\b|\bnumber of\b|\bcombien de (?:fois|transactions|achats|paiements)\b|\bnombre de\b|몇 ?번|몇 ?건|몇 ?회/;
const BY_MERCHANT =
  /\b(?:merchants?|shops?|stores?|retailers?|marchands?|magasins?|commercants?)\b|가맹점|가게|매장/;
const BY_MONTH = /\b(?:by|per|each|par|chaque) (?:month|mois)\b|월별/;
const IN = /\b(?:received|incoming|deposits?|refunds?|recus?|remboursements? recus?)\b|입금|받은/;

const SUBSCRIPTIONS = /\bsubscriptions?\b|\babonnements?\b|구독/;

const topicOf = (folded: string): Topic =>
  TOPIC_RULES.find(([, pattern]) => pattern.test(folded))?.[0] ?? 'unknown';

const limitOf = (folded: string): number | undefined => {
  const match =
    /\b(?:top|last|latest|biggest|largest|dernier(?:e)?s|plus (?:gros|grosses))\s+(\d{1,2})\b(?! (?:day|week|month|year|jour|semaine|mois|an))|\b(\d{1,2}) (?:biggest|largest|latest|most recent|last|plus (?:gros|grosses)|dernier(?:e)?s) (?!jours|semaines|mois|ans)|(\d{1,2}) ?(?:건|개)(?!월)/.exec(
      folded,
    );
  const limit = Number(match?.[1] ?? match?.[2] ?? match?.[3] ?? Number.NaN);
  return Number.isInteger(limit) && limit >= 1 ? Math.min(limit, 20) : undefined;
};

const periodsFor = (
  topic: Topic,
  { periods, named, isBefore }: TimeWords,
  earlier: Reading | undefined,
  today: CalendarDay,
): Pick<Reading, 'period' | 'against'> => {
  const chosen = topic === 'compare' ? named : periods;
  const [first, second] = chosen;
  if (topic === 'compare' && first !== undefined) {
    // "this month than last month" and "October with November" alike: the later one against the earlier one.
    const other =
      second ?? (isBefore || first.to < today ? earlier?.period : undefined) ?? periodBefore(first);
    return first.from >= other.from ? { period: first, against: other } : { period: other, against: first };
  }
  if (isBefore && first === undefined && earlier?.period !== undefined) {
    return { period: periodBefore(earlier.period), against: undefined };
  }
  if (topic === 'compare') {
    const period = earlier?.period ?? { ...periodContaining('month', today) };
    return { period: { from: period.from, to: period.to }, against: periodBefore(period) };
  }
  return { period: first, against: undefined };
};

/** Topics whose follow-ups keep what was talked about. */
const CONTINUED: ReadonlySet<Topic> = new Set<Topic>([
  'spending',
  'breakdown',
  'average',
  'compare',
  'largest',
  'latest',
  'list',
  'income',
  'net',
  'recurring',
  'budgets',
]);

const readAlone = (text: string, context: QuestionContext, earlier: Reading | undefined): Reading => {
  const folded = fold(text);
  const language = languageOf(text, earlier?.language ?? context.fallbackLanguage);
  const topic = topicOf(folded);
  const time = timeWordsOf(text, context.today);
  const merchant = merchantOf(text, context);
  const category = merchant === undefined || topic === 'set-category' ? categoryOf(text)?.slug : undefined;
  return {
    topic,
    language,
    ...periodsFor(topic, time, earlier, context.today),
    category,
    merchant,
    amount: amountOf(text, context.currency),
    groupBy: BY_MONTH.test(folded) ? 'month' : BY_MERCHANT.test(folded) ? 'merchant' : 'category',
    isCount: COUNT.test(folded),
    limit: limitOf(folded),
    direction: IN.test(folded) ? 'in' : undefined,
    isAboutSubscriptions: SUBSCRIPTIONS.test(folded),
  };
};

/** A question that only makes sense after the one before takes from it what it does not say itself. */
const continued = (text: string, reading: Reading, earlier: Reading | undefined): Reading => {
  if (earlier === undefined || !CONTINUED.has(earlier.topic)) {
    return reading;
  }
  const folded = fold(text);
  const saysSomething =
    reading.period !== undefined || reading.category !== undefined || reading.merchant !== undefined;
  const isFollowUp =
    FOLLOW_UP.test(folded) || (reading.topic === 'unknown' && saysSomething && folded.length < 60);
  if (!isFollowUp || (reading.topic !== 'unknown' && !CONTINUED.has(reading.topic))) {
    return reading;
  }
  const hasOwnSubject = reading.category !== undefined || reading.merchant !== undefined;
  const topic = reading.topic === 'unknown' ? earlier.topic : reading.topic;
  return {
    ...reading,
    topic: topic === 'breakdown' && hasOwnSubject ? 'spending' : topic,
    period: reading.period ?? earlier.period,
    against:
      reading.against ?? (topic === 'compare' && reading.period === undefined ? earlier.against : undefined),
    category: hasOwnSubject ? reading.category : earlier.category,
    merchant: hasOwnSubject ? reading.merchant : earlier.merchant,
    groupBy: topic === 'breakdown' ? earlier.groupBy : reading.groupBy,
    isCount: reading.isCount || (reading.topic === 'unknown' && earlier.isCount),
    limit: reading.limit ?? (reading.topic === 'unknown' ? earlier.limit : undefined),
    direction: reading.direction ?? earlier.direction,
  };
};

/**
 * Understands a question by rules: its topic, period, category, merchant and amount, in English, French or Korean.
 * @param questions what the user has asked, oldest first; the last one is read, those before give pronouns a meaning
 * @param context the user's day, currency and merchants
 */
export function readQuestion(questions: readonly string[], context: QuestionContext): Reading {
  let earlier: Reading | undefined;
  let reading: Reading | undefined;
  for (const text of questions.slice(-6)) {
    reading = continued(text, readAlone(text, context, earlier), earlier);
    if (CONTINUED.has(reading.topic)) {
      earlier = reading;
    }
  }
  return reading ?? readAlone('', context, undefined);
}
