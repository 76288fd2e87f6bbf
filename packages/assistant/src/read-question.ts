import { periodContaining, type CalendarDay } from '@orrery/calendar';
import { CATEGORIES, categoryBySlug, type Language } from '@orrery/contracts';
import { amountOf, amountStretches, type NamedAmount } from './amounts.ts';
import { fold } from './fold.ts';
import { languageOf } from './language-of.ts';
import { periodAfter, periodBefore, timeWordsOf, type Period, type TimeWords } from './periods.ts';
import { spelt } from './spelling.ts';
import {
  blanked,
  isSame,
  splitExcept,
  subjectsIn,
  withoutWholes,
  wordsOfMerchants,
  type FoundSubject,
  type Subject,
} from './subjects.ts';
import { SOMEBODY_ELSE, unreadTime, unreadWords } from './vocabulary.ts';

/** What a question is about. */
export type Topic =
  | 'spending'
  | 'breakdown'
  | 'average'
  | 'share'
  | 'peak'
  | 'compare'
  | 'largest'
  | 'latest'
  | 'list'
  | 'income'
  | 'payday'
  | 'price'
  | 'net'
  | 'balances'
  | 'budgets'
  | 'goals'
  | 'savings'
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
  | 'not-known'
  | 'filler'
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
  /** Everything that is asked about, if it is more than one thing. */
  parts: readonly Subject[];
  /** All of them are meant by one word, such as `takeaways`. */
  isWide: boolean;
  /** What is to be left out. */
  except: readonly Subject[];
  amount: NamedAmount | undefined;
  /** The amount is a ceiling, not a floor. */
  isCeiling: boolean;
  /** What a breakdown is by. */
  groupBy: 'category' | 'merchant' | 'month' | undefined;
  /** What an average is over. */
  per: 'day' | 'week' | 'month' | 'purchase';
  /** Which month is looked for. */
  extreme: 'most' | 'least';
  /** It counts purchases rather than adding them up. */
  isCount: boolean;
  /** How many rows it asks for. */
  limit: number | undefined;
  direction: 'in' | 'out' | undefined;
  /** What the user calls the budget that is asked about. */
  name: string | undefined;
  /** It asks for subscriptions, not for every regular payment. */
  isAboutSubscriptions: boolean;
  /** It compares what was talked about with one other time. */
  isComparedWithEarlier: boolean;
  /** It asks for all spending, whatever was talked about before. */
  isAboutAll: boolean;
  /** Words that nothing explains; where there are any, the question is not answered. */
  unread: readonly string[];
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
  ['not-known', /\bnet worth\b|\bam i worth\b|\bpatrimoine\b|\bvaleur nette\b|순 ?자산/],
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
  [
    'goals',
    /\b(?:savings?|saving) (?:goals?|targets?|pots?)\b|\bgoals?\b|\bsaving (?:up )?(?:for|towards)\b|\bobjectifs?\b|\bprojets? d'epargne\b|저축 ?목표|목표 ?(?:저축|금액|까지|달성)|목표/,
  ],
  [
    'savings',
    /\b(?:what|where|how|how much) (?:can|could|should|might) i (?:still |realistically )?(?:save|cut|reduce|economi[sz]e)\b|\b(?:ways?|help me|tips?|ideas?) (?:to|for) (?:save|saving|cut|cutting)\b|\bwhere (?:can|could) i cut\b|\bsave money\b|\b(?:que|ou|comment|combien) (?:puis-je|je peux|peut-on|est-ce que je peux|pourrais-je) (?:economiser|epargner|reduire)\b|\bfaire des economies\b|(?:뭘|무엇을|어디서|어떻게|얼마나) ?(?:절약|아낄|줄일|아껴)|절약|아낄 ?수|줄일 ?수/,
  ],
  ['missions', /\bmissions?\b|\bchallenges?\b|\bdefis?\b|미션|도전/],
  [
    'debts',
    /\bdebts?\b|\bowe\b|\bavalanche\b|\bsnowball\b|\bpay(?:ing)? off\b|\bloans?\b(?! payments)|\bdettes?\b|\bcredits?\b(?! (?:card purchases|score|rating))|\brembourser\b|\bemprunts?\b|\bboule de neige\b|빚|부채|대출(?!금 ?상환)|갚/,
  ],
  [
    'forecast',
    /\bsafe to spend\b|\b(?:how much|what) (?:can|could|may) i (?:still |safely )?spend\b|\bleft to spend\b|\bcan i (?:afford|buy|spend)\b|\brun out\b|\boverdrawn\b|\bforecast\b|\bgo(?:ing)? (?:below zero|negative)\b|\bbelow zero\b|\bcombien (?:puis-je|je peux|est-ce que je peux)(?: encore)? (?:depenser|me permettre)\b|\breste a depenser\b|\bpuis-je (?:encore )?(?:depenser|acheter|m'offrir|me permettre)\b|\bprevisions?\b|\ba decouvert\b|\bdans le rouge\b|얼마(?:나)? ?(?:더 ?)?(?:쓸|써도|쓸 수)|써도 ?(?:돼|되|될)|쓸 ?수 ?있|살 ?수 ?있|사도 ?(?:돼|되|될)|예상 ?잔액|바닥|마이너스/,
  ],
  ['budgets', /\bbudgets?\b|예산/],
  [
    'payday',
    /\bpay ?day\b|\bwhen (?:do|will|am|is|are)\b.*\b(?:paid|salary|wages?|pay ?check)\b|\bnext (?:pay|salary|wages?|pay ?check|income)\b|\bquand (?:est-ce que )?(?:je )?(?:suis|serai|vais|tombe|arrive)\b.*\b(?:payee?|salaire|paie)\b|\bquand\b.*\b(?:mon|le) salaire\b|\bprochain(?:e)? (?:salaire|paie|paye)\b|(?:월급|급여) ?(?:날|일|은 ?언제|언제)|언제.*(?:월급|급여)/,
  ],
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
    'peak',
    /\b(?:which|what) month\b.*\b(?:most|least|highest|lowest|biggest|smallest|cheapest|priciest|more|less)\b|\b(?:cheapest|(?:most|least) expensive|priciest|highest|lowest|biggest|best|worst) month\b|\bquel(?: est le)? mois\b.*\b(?:plus|moins)\b|\bmois le (?:plus|moins) (?:cher|eleve|depensier)\b|(?:어느|무슨|몇) ?(?:달|월).*(?:가장|제일|많이|적게)|(?:가장|제일) ?(?:많이|적게|크게) ?(?:쓴|썼던|나간) ?달/,
  ],
  [
    'share',
    /\b(?:percent(?:age)?|proportion|fraction) of\b|\b(?:what|which) (?:percent(?:age)?|proportion|share|fraction|part)\b|\b(?:quel(?:le)? )?(?:pourcentage|proportion|part)\b(?! du temps)|몇 ?(?:%|퍼센트|프로)|비율|비중|what %/,
  ],
  [
    'largest',
    /(?:가장|제일) ?크게 ?(?:쓴|썼|나간)|(?:제일|가장) ?(?:비싸게|비싼)|\bmost i(?:'ve| have)? (?:ever )?(?:spent|paid)\b|\b(?:biggest|largest|highest|most expensive|priciest|top (?:\d+|five|three|ten) (?:purchases?|payments?|transactions?|expenses?))\b(?! (?:spending )?(?:categor|merchant|shops\b|stores\b)).*|\b(?:plus (?:gros|grosse|grosses|grande|grandes|grand|grands|cher|chere|cheres|eleve|elevee|elevees))\b(?!.*\b(?:categorie|marchand|magasin|poste))|(?:가장|제일) ?(?:큰|비싼|많이 ?나간)(?!.*(?:카테고리|항목|분야|가맹점))/,
  ],
  [
    'net',
    /수입.*지출|지출.*수입|(?:월급|급여).*지출.*(?:빼|남)|\bincome\b.*\b(?:expenses|spending|outgoings|expenditure)\b|\brevenus?\b.*\bdepenses?\b/,
  ],
  [
    'compare',
    /\bcompare\b|\bcompared (?:to|with)\b|\bcomparison\b|\bversus\b|\bvs\.?\b|\b(?:more|less|fewer)\b.*\bthan\b|\bdifference between\b|\b(?:go(?:es)? up|go(?:es)? down|went up|went down|gone up|gone down|increased?|decreased?|risen|dropped|fallen|changed?)\b|\bcompare[rz]?\b|\bcomparaison\b|\bpar rapport\b|\b(?:plus|moins)\b.*\b(?:que|qu'en|qu'au)\b|\b(?:augmente|baisse|diminue|evolue)e?s?\b|비교|보다|늘었|줄었|증가|감소|차이/,
  ],
  ['average', /\baverage\b|\bon average\b|\btypical(?:ly)? (?:month|spend)|\bmoyenne\b|\ben moyenne\b|평균/],
  [
    'breakdown',
    /\bbreak ?down\b|\bwhere (?:does|did|is|has) (?:all )?my money\b|\b(?:by|per|each) (?:category|categories|merchant|month)\b|\btop (?:\d+ |three |five )?(?:categories|category|merchants?|shops?|stores?)\b|\bwhich (?:categor(?:y|ies)|merchants?|shops?|stores?)\b|\bwhat (?:do|did|have) i (?:mostly |mainly )?spen[dt] (?:the )?(?:most|my money)\b|\b(?:biggest|largest|highest) (?:spending )?(?:categor(?:y|ies)|merchants?|shops?|stores?)\b|\b(?:ou|dans quoi) (?:passe|part|va|est passe) mon argent\b|\bpar (?:categorie|marchand|mois|magasin|poste)\b|\bquell?es? (?:categories?|marchands?|magasins?)\b|\brepartition\b|\bprincipaux (?:postes|marchands)\b|\bplus (?:gros|grosse|grosses|grands) (?:categories?|postes?|marchands?)\b|카테고리별|항목별|월별|가맹점별|어디에 ?(?:가장|제일|많이|돈|얼마)|(?:가장|제일) ?(?:많이|큰).*(?:카테고리|항목|분야|가맹점|곳|데)/,
  ],
  [
    'net',
    /\b(?:make|made|earn\w*|income)\b.*\b(?:after|minus|less|net of)\b.*\b(?:expenses|spending|costs|bills|outgoings)\b|\bearn\w*\b.*\bspen[dt]\b|\b(?:made|paid in|came in)\b.*\bspent\b|\bgagne\b.*\bdepense|수입.*지출|\bnet\b|\b(?:did|have|do|am) i (?:save|saved|saving)\b|\bhow much (?:did|have|do) i sav(?:e|ed)\b|\bnet\b|\bleft over\b|\bwhat(?:'s| is| was) left\b|\bincome (?:and|against|versus|vs\.?|minus) (?:spending|expenses|expenditure)\b|\bspend(?:ing)? more than i (?:earn|make)\b|\bcash ?flow\b|\b(?:combien )?(?:ai-je|j'ai) (?:economise|epargne|mis de cote)\b|\brevenus? (?:et|moins|contre|par rapport aux?) (?:mes )?depenses\b|\bqu(?:e|')? ?(?:me )?reste(?:-t-il|-t-il)?\b|\bbilan\b|얼마(?:나)? ?(?:모았|저축|남았)|수입(?:과|이랑|하고|,)? ?지출|남은 ?돈|수지/,
  ],
  [
    'income',
    /\b(?:came|comes|coming|come) in\b|\b(?:what|much)(?:'d| did) i (?:earn|make|get paid)\b|\bpay ?che(?:ck|que)s?\b|들어왔|들어온|\bincome\b|\b(?:did|do|have) i (?:earn|earned|make|made|receive|received|get paid|been paid)\b|\bearn(?:ed|ings?)?\b|\bpaid to me\b|\bmy (?:salary|wages|pay)\b|\brevenus?\b|\bsalaires?\b|\bgagne[rz]?\b|\btouche[rz]?\b|\brecu\b|수입|소득|월급|급여|벌었|번 ?돈/,
  ],
  [
    'latest',
    /^(?:did|has|have)\b.*\b(?:go out|gone out|come out|been (?:charged|paid|taken)|get charged|paid)\b.*\b(?:yet|already)\b|\bhave i (?:already )?paid\b|\best-ce que\b.*\b(?:est passe|ete preleve)\b|(?:냈어|냈나|빠져나갔|나갔나)|\bwhen (?:did|was|is|have) (?:i|my)\b.*\b(?:last|latest|recent)?\b|\b(?:my )?(?:last|latest|most recent) (?:purchase|payment|transaction|time|visit|order|expense)\b|\bderni(?:er|ere) (?:achat|paiement|transaction|fois|depense|operation)\b|\bquand (?:ai-je|est-ce que|j'ai)\b|마지막(?:으로)?|언제|최근 ?(?:거래|결제|구매)(?! ?내역)/,
  ],
  [
    'list',
    /^(?:anything|any (?:payments?|purchases?|transactions?)|everything|what) (?:over|above|more than|bigger than|under|below)\b|\bwhat(?:'s| is| was)? (?:over|above|under)\b|\bshow me (?:all|my|everything|each|every)\b|\b(?:show|list|display|see|find|give)\b.*\b(?:transactions?|purchases?|payments?|expenses?|spending)\b|\bwhat did i (?:buy|pay for|spend on)\b|\b(?:transactions?|purchases?|payments?) (?:over|above|more than|larger than)\b|\bmy (?:recent |latest |last )?(?:transactions|purchases|payments)\b|\b(?:montre|montrez|affiche|affichez|liste|listez|trouve)\b.*\b(?:transactions?|achats?|paiements?|operations?|depenses?)\b|\bmes (?:derniers |dernieres )?(?:transactions|achats|paiements|operations)\b|\bqu'(?:ai-je|est-ce que j'ai) achete\b|(?:거래|결제|구매|지출) ?내역|뭐 ?샀|무엇을 ?샀|보여/,
  ],
  [
    'spending',
    /\b(?:blow|blown|blew|drop|dropped|burn(?:ed|t)?|splash(?:ed)?|splurged?|waste[d]?|shell out|used up)\b|\b(?:went|go|goes|gone|going) (?:on|to|into|towards|at)\b|\bbu(?:y|ys|ying)\b|\bbought\b|\borders?\b|\btotals?\b|\boutgoings\b|\bclaque\w*\b|\bflambe\b|\bcrame\b|\blache\b|\bdebourse\w*\b|\btotal\b|총액|합계|총합|총 ?얼마|나가|들었|나온|\bspen[dt](?:ing)?\b|\bspends\b|\bpaid\b|\bpay\b|\bcost(?:s|ing)?\b|\bexpenses?\b|\bexpenditure\b|\bhow (?:much|many)\b|\bdepens(?:e|es|er|ees?|ons|ez)\b|\bpaye[erz]?\b|\bcout(?:e|er|ent|s)?\b|\bcombien\b|지출|썼|쓴|소비|얼마|결제|사용|몇 ?번|몇 ?건|나갔/,
  ],
  [
    'help',
    /\b(?:help|what can you do|what can i ask|how does this work)\b|\b(?:aide|aidez-moi|que peux-tu|que pouvez-vous|que sais-tu)\b|도와|도움|뭘 ?할 ?수|무엇을 ?할 ?수|어떤 ?질문/,
  ],
  ['thanks', /^(?:many )?(?:thanks|thank you|cheers|merci|merci beaucoup|고마워|고맙습니다|감사)/],
  ['greeting', /^(?:hi|hello|hey|good (?:morning|afternoon|evening)|bonjour|bonsoir|salut|coucou|안녕)/],
];

const FOLLOW_UP =
  /^(?:and|what about|how about|same|also|or|and what about|no|just|only|sorry|ok|but|et|et pour|qu'en est-il|meme chose|non|mais|juste|seulement|그럼|그러면|그리고|그렇다면|그건|아니)\b|^(?:그럼|그러면|그리고|그건|아니)|[은는도](?:요)?\??$|(?:월|달|주|년)(?:은|는|엔)(?:\s|$)|\b(?:there|that|those|it|them|the same)\b|\b(?:la-bas|y|cela|ca|ceux-la)\b|거기|그곳|그것|그거/;
const COUNT =
  /\bhow many\b|\bhow often\b|\bnumber of\b|\bcombien de (?:fois|transactions|achats|paiements)\b|\bnombre de\b|몇 ?번|몇 ?건|몇 ?회/;
const BY_MERCHANT =
  /\b(?:merchants?|shops?|stores?|retailers?|marchands?|magasins?|commercants?)\b|가맹점|가게|매장/;
const BY_MONTH = /\b(?:by|per|each|par|chaque) (?:month|mois)\b|월별/;
const IN = /\b(?:received|incoming|deposits?|refunds?|recus?|remboursements? recus?)\b|입금|받은/;

const SUBSCRIPTIONS = /\bsubscriptions?\b|\babonnements?\b|구독/;
const CEILING =
  /\b(?:under|below|less than|cheaper than|at most|up to|moins de|en dessous de|au plus)\b|이하|미만|아래/;
const LEAST = /\b(?:least|lowest|cheapest|smallest|best|moins)\b|적게|가장 ?작|제일 ?작/;
/** A regular price is asked for: "a month", "par mois", "매달". */
const PRICE =
  /\b(?:a|per|every|each) (?:month|week|year)\b|\bmonthly\b|\b(?:par|chaque) (?:mois|an|semaine)\b|\b(?:how much|what)(?:'s| is| are| does| do)\b.*\b(?:my|cost\w*|costing)\b|\bhow much (?:is|are) (?:my|the)\b|\b(?:coute|fait) combien\b|\best de combien\b|(?:한 ?달에|매달|매월|달마다)|구독료|얼마(?:야|지|예요|에요|인가요)\??$/;
const PER_PURCHASE =
  /\bper (?:[a-z']+ ){0,2}(?:order|visit|trip|purchase|transaction|ride|time|shop)\b|\baverage (?:[a-z']+ ){0,2}(?:order|visit|trip|purchase|transaction|ride|meal|shop|basket)\b|\bpar (?:achat|commande|visite|trajet|operation|passage)\b|\b(?:commande|achat|panier|trajet) moyen(?:ne)?\b|(?:한 ?번|건당|회당|한 ?번당|1회)/;
const PER_DAY = /\b(?:per|a|each) day\b|\bdaily\b|\bpar jour\b|\bquotidien|하루/;
const PER_WEEK = /\b(?:per|a|each) week\b|\bweekly\b|\bpar semaine\b|\bhebdomadaire|매주|일주일에|한 ?주에/;
/** The present is compared with what is named. */
const THAN_NAMED =
  /\b(?:than|vs\.?|versus|compared (?:to|with)|que|qu'en|qu'au|par rapport (?:a|au|aux))\s*(?:in |en |au |the |le |la |it was )*⌛/;

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

const AMOUNT = '¤';
/** "Less than £300" is no comparison of months. */
/** Two times are named, and the one is looked for in which more was spent. */
const WHICH_TIME = /\b(?:when|which|more|less)\b|\b(?:quand|plus|moins)\b|언제|더|덜/;
const AND_WHAT =
  /^(?:and|what about|how about|et|et pour|그럼|그러면|그리고) (?:at |on |for |chez |le |la |the )?[\p{L}\p{N}&' ]{2,30}\s?\??$/u;
/** A word before `얼마` that nobody knows is looked for as a merchant. */
const BEFORE_HOW_MUCH = /^\s*[⌛\s에]*[\p{L}]{2,} ?⌛*[\s에]*얼마/u;
/** Talk of other things, in which an unknown word is no shop. */
const NO_SHOP = /\b(?:weather|meteo|news|jokes?|nouvelles|blagues?)\b|날씨|기온|뉴스|농담/;
/** "How is …?" is about no shop, unless it goes on with what was talked about. */
const HOW_IS = /어때|어떠|어떻/;
const ABOUT_ALL =
  /\b(?:total|overall|all(?: my)?) (?:spending|spend|outgoings|expenses|expenditure)\b|\beverything\b|\bdepenses (?:totales|au total)\b|(?:총|전체|모든) ?(?:지출|소비)/;
const THAN_AMOUNT = /\b(?:than|de|que)\s*¤|¤+\s?(?:보다|이상|이하|넘)/;
const NEXT = /\b(?:next|coming|will|prochaine?s?)\b|다음/g;
/** Income without spending is what is left. */
const TAKEN_OFF = /빼면|뺀|빼고|빼|\b(?:minus|less)\b/g;
const blankedMatch = (match: string): string => '⌛'.repeat(match.length);
const LIMIT_WORDS =
  /\b(?:top |last |latest |biggest |largest |dernieres? |derniers )?\d{1,2}\b|\d{1,2} ?(?:건|개)/g;
/** A negation that is not about leaving something out turns a question round, and is not understood. */
const NEGATION =
  /\b(?:not|never|don't|dont|didn't|didnt|haven't|havent|isn't|wasn't|won't|nor|jamais|aucune?|ni)\b|\bn'\w+|\bpas\b|안 ?(?:썼|쓴|샀|갔|먹)|않|못 ?(?:쓰|썼)/;

/** Stands among the words that are not understood when a question is about a time to come. */
export const FUTURE_WORD = '→';

/** Words that make a sentence; a text without any of them names what it asks about and nothing else. */
const isElliptic = (topic: Topic, subjects: readonly Subject[], text: string): boolean =>
  subjects.length === 0 &&
  (topic === 'unknown' || topic === 'spending') &&
  !/\b(?:how|what|who|why|will|did|do|does|is|am|are|should|can|i|my|you|je|j'|mon|ma|qui|comment|est|sont|quel|quelle)\b|[어요까지니죠야]\??$/u.test(
    text,
  );

const isSamePeriod = (left: Period, right: Period | undefined): boolean =>
  left.from === right?.from && left.to === right.to;

/** Topics of two times side by side. */
const COMPARED: ReadonlySet<Topic> = new Set<Topic>(['compare', 'spending', 'unknown']);

const periodsFor = (
  topic: Topic,
  text: string,
  { periods, named, isBefore, isBeforeNamed, isAfter }: TimeWords,
  earlier: Reading | undefined,
  today: CalendarDay,
  isOneThing: boolean,
): Pick<Reading, 'period' | 'against'> => {
  const [first, second] = topic === 'compare' && periods.length < 2 && named.length === 2 ? named : periods;
  const now = { from: periodContaining('month', today).from, to: periodContaining('month', today).to };
  if (isBeforeNamed && first !== undefined && second === undefined && COMPARED.has(topic)) {
    return { period: first, against: periodBefore(first) };
  }
  if (topic === 'compare' && isOneThing && first !== undefined && isSamePeriod(first, second)) {
    // "La semaine dernière avec la semaine précédente": nothing is compared with itself.
    return { period: first, against: periodBefore(first) };
  }
  if (topic === 'compare' && first !== undefined && second === undefined && THAN_NAMED.test(text)) {
    const kind = first.from === first.to ? 'day' : first.to < today ? unitLike(first) : 'month';
    const present = kind === 'day' ? { from: today, to: today } : periodContaining(kind, today);
    return { period: earlier?.period ?? { from: present.from, to: present.to }, against: first };
  }
  if (topic === 'compare' && first !== undefined) {
    // "this month than last month" and "October with November" alike: the later one against the earlier one.
    const other =
      second ?? (isBefore || first.to < today ? earlier?.period : undefined) ?? periodBefore(first);
    return first.from >= other.from ? { period: first, against: other } : { period: other, against: first };
  }
  if (isAfter && first === undefined && earlier?.period !== undefined) {
    return { period: periodAfter(earlier.period), against: undefined };
  }
  if (isBefore && first === undefined && earlier?.period !== undefined) {
    return { period: periodBefore(earlier.period), against: undefined };
  }
  if (topic === 'compare') {
    const period = earlier?.period ?? now;
    return { period: { from: period.from, to: period.to }, against: periodBefore(period) };
  }
  if (second !== undefined && (topic === 'spending' || topic === 'unknown')) {
    const [later, before] =
      first !== undefined && first.from >= second.from ? [first, second] : [second, first];
    return { period: later, against: before };
  }
  return { period: first, against: undefined };
};

/** A week is compared with the present week, a year with the present year, everything else with the month. */
const unitLike = ({ from, to }: Period): 'week' | 'month' | 'year' => {
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
  return days === 7 ? 'week' : days >= 365 ? 'year' : 'month';
};

/** Topics whose follow-ups keep what was talked about. */
const CONTINUED: ReadonlySet<Topic> = new Set<Topic>([
  'spending',
  'breakdown',
  'average',
  'share',
  'peak',
  'price',
  'compare',
  'largest',
  'latest',
  'list',
  'income',
  'net',
  'recurring',
  'budgets',
]);

/** Topics whose answers name figures that every word of the question may change. */
const STRICT: ReadonlySet<Topic> = new Set<Topic>([
  ...CONTINUED,
  'not-known',
  'payday',
  'balances',
  'forecast',
  'unknown',
]);

/** Topics whose figures are of one time and no other. */
const TIMED: ReadonlySet<Topic> = new Set<Topic>([
  'spending',
  'compare',
  'income',
  'net',
  'share',
  'list',
  'unknown',
]);
const BOTH = /\bboth\b|\bles deux\b|둘 ?다/;

/** Topics that look at one subject at a time. */
const SINGLE: ReadonlySet<Topic> = new Set<Topic>([
  'largest',
  'latest',
  'list',
  'average',
  'share',
  'peak',
  'price',
]);

const INCOME_SLUGS: ReadonlySet<string> = new Set(
  CATEGORIES.flatMap(({ slug, parent }) => (slug === 'income' || parent === 'income' ? [slug] : [])),
);

/** "No food, just coffee" contrasts; only a part of what is asked about can be left out of it. */
const mayHold = (wanted: readonly Subject[], except: Subject): boolean =>
  wanted.length === 0 ||
  'merchant' in except ||
  wanted.some(
    (subject) => 'category' in subject && categoryBySlug(except.category)?.parent === subject.category,
  );

/** "Coffee at Starbucks", "스타벅스에서 커피": one thing, not two. */
const isCategoryAtMerchant = (text: string, found: readonly FoundSubject[]): boolean => {
  const [first, second, third] = found;
  if (first === undefined || second === undefined || third !== undefined) {
    return false;
  }
  const between = text.slice(first.end, second.start);
  return 'category' in first.subject
    ? 'merchant' in second.subject && /^\s*(?:at|from|in|chez)\s+(?:the )?$/.test(between)
    : 'category' in second.subject && /^에서\s*$/.test(between);
};

const distinct = (subjects: readonly Subject[]): Subject[] =>
  subjects.filter((subject, index) => subjects.findIndex((other) => isSame(subject, other)) === index);

const perOf = (text: string): Reading['per'] =>
  PER_PURCHASE.test(text) ? 'purchase' : PER_DAY.test(text) ? 'day' : PER_WEEK.test(text) ? 'week' : 'month';

const BUDGET_NAMES: readonly RegExp[] = [
  /\b(?:my|the)\s+([\p{L}\p{N}&' ()-]{2,40}?)\s+budgets?\b/u,
  /\bbudgets? (?:for|on|called|named)\s+(?:my |the )?([\p{L}\p{N}&' ()-]{2,40}?)(?=\s*(?:$|[?!.,]|\b(?:this|last|in|so)\b))/u,
  /\bbudget\s+(?:pour |de |du |des |d')?(?:mes |les |la |le |l')?([\p{L}\p{N}&' ()-]{2,40}?)(?=\s*(?:$|[?!.,]|\b(?:ce|cette|en|est)\b))/u,
  /([\p{L}\p{N}&()]{2,40})\s*예산/u,
];

/** The name of a budget, as far as it is more than words of the question. */
const budgetNameIn = (folded: string): string | undefined => {
  for (const pattern of BUDGET_NAMES) {
    const name = pattern.exec(folded)?.[1]?.trim();
    if (name !== undefined && unreadWords(name).length > 0) {
      return name;
    }
  }
  return undefined;
};

const BY_MONTH_ASKED =
  /\bby month\b|\bbreak ?down\b|\brepartition\b|\bmois par mois\b|\b(?:show|list|montre|affiche|liste)\b|월별/;
/** Money that comes in is asked about, and none that goes out. */
const EARNED =
  /\b(?:incomes?|earn(?:ed|ings?|s)?|salar(?:y|ies)|wages?|pay ?che(?:ck|que)s?|(?:get|got|been|am) paid)\b|\brevenus?\b|\bsalaires?\b|\bgagne[rz]?\b|\btouche[rz]?\b|수입|소득|월급|급여|벌었|벌어|버는/;
const SPENT = /\bspen[dt](?:ing|s)?\b|\bexpen(?:ses?|diture)\b|\boutgoings\b|\bdepens\w*|지출|소비|썼|쓰/;
const MONTHLY =
  /\b(?:a|per|every|each|by) month\b|\bmonthly\b|\b(?:par|chaque) mois\b|\bmensuels?\b|한 ?달에|한 ?달 ?평균|매달|매월|달마다|월별|월 ?평균/;
/** Figures that are computed of spending alone. */
const OF_SPENDING_ALONE: ReadonlySet<Topic> = new Set<Topic>([
  'average',
  'breakdown',
  'compare',
  'largest',
  'peak',
  'price',
  'share',
]);

/** Income is told as a sum or month by month; whatever else is asked of it is not known. */
const topicOfIncome = (topic: Topic, text: string): Topic => {
  if (!OF_SPENDING_ALONE.has(topic)) {
    return topic;
  }
  const isMonthly =
    MONTHLY.test(text) || (topic === 'average' && !PER_DAY.test(text) && !PER_WEEK.test(text));
  return isMonthly && (topic === 'average' || topic === 'breakdown' || topic === 'price')
    ? 'income'
    : 'not-known';
};

const TREND =
  /\b(?:going (?:up|down)|rising|falling|trend|creeping up|increasing|decreasing)\b|\b(?:augmentent?|baissent?|evolue|evolution)\b|오르고|늘고|줄고|추세/;

/** The topic of a text that names a subject or a time and nothing else: "petrol last month". */
const impliedTopic = (
  topic: Topic,
  subjects: readonly Subject[],
  text: string,
  named: number,
  isExcept: boolean,
): Topic => {
  const hasPeriod = named > 0;
  const isIncome = subjects.some((subject) => 'category' in subject && INCOME_SLUGS.has(subject.category));
  if ((topic === 'spending' || topic === 'unknown') && isIncome) {
    return 'income';
  }
  if ((topic === 'compare' || topic === 'spending') && !hasPeriod && TREND.test(text)) {
    return 'breakdown';
  }
  if (WHICH_TIME.test(text) && named === 2 && (topic === 'latest' || topic === 'spending')) {
    return 'compare';
  }
  if (topic === 'net' && isExcept) {
    return 'spending';
  }
  if (topic === 'compare' && THAN_AMOUNT.test(text)) {
    return 'spending';
  }
  const isPrice = PRICE.test(text) && !hasPeriod && subjects.length === 1;
  return isPrice && (topic === 'spending' || (topic === 'breakdown' && !BY_MONTH_ASKED.test(text)))
    ? 'price'
    : topic;
};

const readAlone = (raw: string, context: QuestionContext, earlier: Reading | undefined): Reading => {
  const whole = fold(raw);
  const text = spelt(raw, wordsOfMerchants(context.merchants));
  const language = languageOf(raw, earlier?.language ?? context.fallbackLanguage);
  const time = timeWordsOf(text, context.today, context.currency);
  const timeless = blanked(blanked(text, time.stretches), amountStretches(text), AMOUNT);
  const mentioned = subjectsIn(timeless, context);
  const found = withoutWholes(timeless, mentioned);
  const { wanted, except, words } = splitExcept(timeless, found);
  // Names of merchants hold words like "save" and "income" that say nothing about the question.
  const merchantless = blanked(text, [...found.filter(({ subject }) => 'merchant' in subject), ...words]);
  const subjects = distinct(wanted);
  const isWithin = isCategoryAtMerchant(timeless, found);
  const said = topicOf(`${merchantless}${/66[a-f0-9]{6,}/.test(whole) ? ` ${whole}` : ''}`);
  const implied = impliedTopic(
    said,
    isWithin ? subjects.slice(0, 1) : subjects,
    timeless,
    time.named.length,
    except.length > 0,
  );
  // "Compare Aldi and Waitrose in October" compares shops, not months.
  const spoken = implied === 'compare' && subjects.length > 1 && time.named.length < 2 ? 'spending' : implied;
  const isOfIncome =
    subjects.some((subject) => 'category' in subject && INCOME_SLUGS.has(subject.category)) ||
    (subjects.length === 0 && EARNED.test(merchantless) && !SPENT.test(merchantless));
  const isAgainstSpending = spoken === 'compare' && EARNED.test(merchantless) && SPENT.test(merchantless);
  const topic = isAgainstSpending ? 'net' : isOfIncome ? topicOfIncome(spoken, text) : spoken;
  const limit = limitOf(text);
  const unread = unreadWords(
    blanked(
      topic === 'payday' || topic === 'recurring'
        ? timeless.replaceAll(NEXT, blankedMatch)
        : topic === 'net'
          ? timeless.replaceAll(TAKEN_OFF, blankedMatch)
          : timeless,
      [...mentioned, ...words],
    ).replaceAll(LIMIT_WORDS, (match) => (limit === undefined ? match : ' ')),
  );
  const isAboutNext = topic === 'payday' || topic === 'recurring';
  const isFuture = time.isFuture && topic !== 'forecast' && !isAboutNext;
  // "And Costa?", "costco last month": a word that nobody knows is looked for as a merchant, where nothing else is said.
  const isNext =
    earlier !== undefined && topic === 'unknown' && subjects.length === 0 && AND_WHAT.test(whole);
  const isBare =
    (isNext && unread.length <= 2) ||
    (time.periods.length > 0 &&
      ((unread.length <= 2 && isElliptic(topic, subjects, timeless)) ||
        (unread.length === 1 && subjects.length === 0 && BEFORE_HOW_MUCH.test(timeless))));
  const bare =
    unread.length > 0 && isBare && !NO_SHOP.test(timeless) && (isNext || !HOW_IS.test(timeless))
      ? unread.join(' ')
      : undefined;
  const all: readonly Subject[] = bare === undefined ? subjects : [{ merchant: bare }];
  const [first] = all;
  // An act names the merchant and the category in one breath; a question is about the first of what it names.
  const isAct = topic === 'set-category' || topic === 'set-budget' || topic === 'budgets' || isWithin;
  const categoryAt = isAct ? all.find((subject) => 'category' in subject) : first;
  const merchantAt = isAct ? all.find((subject) => 'merchant' in subject) : first;
  return {
    topic,
    language,
    ...periodsFor(topic, timeless, time, earlier, context.today, subjects.length < 2),
    category: categoryAt !== undefined && 'category' in categoryAt ? categoryAt.category : undefined,
    merchant: merchantAt !== undefined && 'merchant' in merchantAt ? merchantAt.merchant : undefined,
    parts: all.length > 1 && !isAct ? all : [],
    except: distinct(except).filter((each) => mayHold(all, each)),
    isWide: found.length > 1 && new Set(found.map(({ start }) => start)).size === 1,
    amount: amountOf(text, context.currency),
    isCeiling: CEILING.test(text),
    groupBy:
      BY_MONTH.test(text) ||
      (said !== 'breakdown' && topic === 'breakdown') ||
      (topic === 'income' && (spoken === 'average' || MONTHLY.test(text)))
        ? 'month'
        : BY_MERCHANT.test(text)
          ? 'merchant'
          : 'category',
    per: perOf(text),
    extreme: LEAST.test(text) ? 'least' : 'most',
    isComparedWithEarlier: topic === 'compare' && time.named.length === 1,
    isAboutAll: ABOUT_ALL.test(text),
    isCount: COUNT.test(text),
    limit,
    direction: IN.test(text) ? 'in' : undefined,
    name: topic === 'budgets' ? budgetNameIn(whole) : undefined,
    isAboutSubscriptions: SUBSCRIPTIONS.test(text),
    unread: [
      ...(bare === undefined ? unread : []),
      ...(isFuture ? [FUTURE_WORD] : []),
      ...(TIMED.has(topic) ? [unreadTime(timeless) ?? []].flat() : []),
      ...(all.length < 2 ? (BOTH.exec(timeless)?.slice(0, 1) ?? []) : []),
      ...(SOMEBODY_ELSE.exec(merchantless)?.slice(0, 1) ?? []),
      ...(NEGATION.exec(blanked(timeless, words))?.slice(0, 1) ?? []),
    ],
  };
};

/** A question that only makes sense after the one before takes from it what it does not say itself. */
const continued = (raw: string, reading: Reading, earlier: Reading | undefined): Reading => {
  if (earlier === undefined || !CONTINUED.has(earlier.topic)) {
    return reading;
  }
  const folded = fold(raw);
  const hasOwnSubject =
    reading.category !== undefined || reading.merchant !== undefined || reading.except.length > 0;
  const saysSomething = reading.period !== undefined || hasOwnSubject;
  const isFollowUp =
    FOLLOW_UP.test(folded) ||
    (reading.topic === 'unknown' && saysSomething && folded.length < 60) ||
    (!saysSomething && (reading.isCount || LEANING.has(reading.topic))) ||
    (!hasOwnSubject && reading.isComparedWithEarlier);
  if (!isFollowUp || (reading.topic !== 'unknown' && !CONTINUED.has(reading.topic))) {
    return reading;
  }
  const own = subjectsOf(reading);
  const before = subjectsOf(earlier);
  const topic = reading.topic === 'unknown' ? earlier.topic : reading.topic;
  if (
    reading.topic === 'compare' &&
    own.length === 1 &&
    before.length === 1 &&
    isNamedAgain(reading, folded)
  ) {
    const parts = distinct([...before, ...own]);
    return { ...reading, topic: 'spending', period: earlier.period, against: undefined, parts };
  }
  // Spending after a question about income is spending of every kind.
  const isOfIncome =
    topic !== 'income' && before.some((each) => 'category' in each && INCOME_SLUGS.has(each.category));
  const subject = hasOwnSubject || reading.isAboutAll || isOfIncome ? reading : earlier;
  return {
    ...reading,
    topic:
      (topic === 'breakdown' || topic === 'price' || topic === 'income') &&
      hasOwnSubject &&
      reading.topic === 'unknown'
        ? 'spending'
        : topic === 'price' && reading.period !== undefined
          ? 'spending'
          : topic,
    period: reading.period ?? earlier.period,
    against:
      reading.against ?? (topic === 'compare' && reading.period === undefined ? earlier.against : undefined),
    category: subject.category,
    merchant: subject.merchant,
    parts: subject.parts,
    isWide: subject.isWide,
    except: subject.except,
    groupBy: topic === 'breakdown' ? earlier.groupBy : reading.groupBy,
    per: reading.topic === 'unknown' ? earlier.per : reading.per,
    extreme: reading.topic === 'unknown' ? earlier.extreme : reading.extreme,
    isCount: reading.isCount || (reading.topic === 'unknown' && earlier.isCount),
    limit: reading.limit ?? (reading.topic === 'unknown' ? earlier.limit : undefined),
    direction: reading.direction ?? earlier.direction,
  };
};

/** Topics that make no sense without a subject of their own or of the question before. */
const LEANING: ReadonlySet<Topic> = new Set<Topic>(['share', 'peak']);

/** "Is that more than Waitrose?": the subject is new, and no time is named. */
const isNamedAgain = (reading: Reading, folded: string): boolean =>
  reading.against !== undefined && FOLLOW_UP.test(folded) && /\b(?:than|que|qu')\b|보다/.test(folded);

const subjectsOf = ({ parts, category, merchant }: Reading): readonly Subject[] =>
  parts.length > 0
    ? parts
    : merchant !== undefined
      ? [{ merchant }]
      : category === undefined
        ? []
        : [{ category }];

/** What is decided when everything is known: a bare subject is a question about spending, and what is unclear is none. */
const settled = (reading: Reading): Reading => {
  const { topic, unread, parts, period, amount } = reading;
  if (topic === 'forecast' && amount !== undefined && unread.every((word) => !SOMEBODY_ELSE.test(word))) {
    return { ...reading, unread: [] };
  }
  if (unread.length > 0 && STRICT.has(topic)) {
    return { ...reading, topic: 'unknown' };
  }
  if (topic === 'unknown') {
    const isBare = subjectsOf(reading).length > 0 || reading.except.length > 0 || period !== undefined;
    return { ...reading, topic: isBare ? 'spending' : 'filler' };
  }
  // Two things at once have no single largest payment or average.
  return parts.length > 0 && SINGLE.has(topic) ? { ...reading, topic: 'spending' } : reading;
};

const QUESTION_WORD =
  'how much|how many|how often|what|where|when|which|combien|quel|quelle|quels|quelles|quand';
const BREAKS = new RegExp(
  String.raw`(?<=[?!;\n？！])\s*|(?<!\b(?:vs|no|st))[.…]+\s+(?=\p{L})|,?\s+(?:and|et|&)\s+(?=(?:${QUESTION_WORD})\b)`,
  'iu',
);
const MAX_QUESTIONS = 3;

/** The questions of one message: by its sentences, and where another question word begins. */
const questionsIn = (text: string): string[] => {
  const parts = text.split(BREAKS).filter((part) => /[\p{L}\p{N}]/u.test(part));
  return parts.length > 1 && parts.length <= MAX_QUESTIONS + 1 ? parts : [text];
};

const EMPTY: ReadonlySet<Topic> = new Set<Topic>(['filler', 'greeting', 'thanks']);

/** Nobody asks so long a question; what is longer is looked at only as far as this, and not answered by figures. */
const LONGEST_QUESTION = 600;

/** Reads one message, which may ask several things. */
const readMessage = (whole: string, context: QuestionContext, before: Reading | undefined): Reading[] => {
  const text = whole.slice(0, LONGEST_QUESTION);
  const alone = readAlone(text, context, before);
  if (whole.length > LONGEST_QUESTION) {
    return [settled({ ...alone, unread: [...alone.unread, '…'] })];
  }
  if (!STRICT.has(alone.topic)) {
    return [alone];
  }
  const questions = questionsIn(text);
  let earlier = before;
  const readings: Reading[] = [];
  for (const question of questions) {
    const reading = settled(continued(question, readAlone(question, context, earlier), earlier));
    readings.push(reading);
    if (CONTINUED.has(reading.topic)) {
      earlier = reading;
    }
  }
  // "How much on petrol, and how much on food last month?": a time that is named once holds for all.
  const shared = readings.find(({ period }) => period !== undefined)?.period;
  const timed = readings.map((reading) =>
    reading.period === undefined && readings.length > 1 && CONTINUED.has(reading.topic)
      ? {
          ...reading,
          period: shared,
          topic: reading.topic === 'price' ? ('spending' as const) : reading.topic,
        }
      : reading,
  );
  const told = timed.filter(({ topic }) => !EMPTY.has(topic));
  return told.length > 0 ? told.slice(0, MAX_QUESTIONS) : timed.slice(0, 1);
};

/** Questions before the last one that may give it a meaning, and the last one. */
const REMEMBERED_QUESTIONS = 6;

const MAX_REMEMBERED = 200;
const remembered = new Map<string, [Reading, ...Reading[]]>();

/**
 * Understands a message by rules: the topic, period, categories, merchants and amount of each of its questions, in
 * English, French or Korean. A message with words that may change its meaning and that nothing explains is `unknown`.
 * @param questions what the user has asked, oldest first; the last one is read, those before give pronouns a meaning
 * @param context the user's day, currency and merchants
 * @returns at least one reading
 */
export function readQuestions(
  questions: readonly string[],
  context: QuestionContext,
): [Reading, ...Reading[]] {
  // One answer asks for the reading several times: before its tools, and for the words about each result.
  const key = JSON.stringify([questions.slice(-REMEMBERED_QUESTIONS), context]);
  const known = remembered.get(key);
  if (known !== undefined) {
    return known;
  }
  const made = readAll(questions, context);
  const [oldest] = remembered.keys();
  if (remembered.size >= MAX_REMEMBERED && oldest !== undefined) {
    remembered.delete(oldest);
  }
  remembered.set(key, made);
  return made;
}

const readAll = (questions: readonly string[], context: QuestionContext): [Reading, ...Reading[]] => {
  let earlier: Reading | undefined;
  let readings: Reading[] = [];
  for (const text of questions.slice(-REMEMBERED_QUESTIONS)) {
    readings = readMessage(text, context, earlier);
    earlier = readings.findLast(({ topic }) => CONTINUED.has(topic)) ?? earlier;
  }
  const [first = readAlone('', context, undefined), ...rest] = readings;
  return [first, ...rest];
};
