import { fold } from './fold.ts';

/**
 * Words that say how something is asked and not what about. A word of a question that is none of these, no time, no
 * category, no merchant and no amount may change its meaning, and then there is no answer: see `unreadWords`.
 */
const ENGLISH = `
  a an the this that these those it its it's here there some any anything something everything stuff things thing
  i i'm i've i'd me my mine myself we we've our ours us you your yours u
  am is are was were be been being do does did done have has had having can could will would shall should may might must
  and or but so then than as at by for from in into of off on onto out over through to toward towards under up upon with
  within across about around during since until till per via plus both either also too just only even still yet
  already again ever now currently present moment actually really exactly roughly approximately about basically
  what what's whats what've what'd what'll which who when where why how how's hows how'd much many often long far lot lots bit
  tell show give get let see find list display check look know say calculate compute add count sum explain work help want
  need like please pls hi hello hey ok okay well oh hmm lol haha omg damn thanks thank cheers sorry mate dude bro man
  spend spending spends spent paid pay pays paying payment payments payed cost costs costing price priced buy buys bought
  buying purchase purchases purchased order orders ordered ordering blow blew blown drop dropped splash splashed splurge
  splurged fork forked lay laid burn burned burnt burning throw threw waste wasted drain go goes going gone went came come
  coming use used using take took taken taking make made making eat ate drink drank drinking drive drove run ran ride
  rides trip trips journey journeys visit visits visited shop shops shopping shopped store stores put total totals totalled totaling
  overall altogether combined together sum amount amounts figure figures number numbers money cash quid bucks dough dosh food shopping
  expense expenses expenditure outgoings outlay bill bills charge charges charged transaction transactions fee habit habits
  last past previous first time times recent recently latest newest ago back before after between whole entire all every each full
  day days daily week weeks weekly month months monthly year years yearly annual annually quarter date
  more most less least fewer higher highest lower lowest bigger biggest smaller smallest larger largest big small
  expensive cheap cheaper cheapest priciest pricey single one average typical typically usual usually normally regularly regular
  compare compared comparison versus vs difference different same similar change changed changes increase increased
  decrease decreased rise risen rising fall fallen falling up down grown growing trend
  top breakdown category categories merchant merchants place places where's
  income earn earned earning earnings earns salary wage wages pay paycheck paychecks payday received receive get got getting
  net left save saved saving savings remaining balance balances account accounts bank
  subscription subscriptions recurring direct debit debits standing due upcoming
  forecast expect budget budgets plan goal goals reach progress doing close towards
  reckon think believe suppose loads tons heaps bunch number amounts
  idea rough roughly guess estimate ballpark damage receipt receipts fill filled filling tank swipe swiped tab tally running worth
  couple few quick question curious wondering wonder remind happen happened come set pumped poured sunk sank racked handed chucked
  went round there's basically kindly gimme lemme gonna gotta wanna whole combined altogether summary overview report sum-up
  safe safely afford able okay percentage percent proportion share fraction part
  mean meant yes yeah yep no nope wait instead rather
  card cards tap food-wise wise related type kind sort kinds`;

const FRENCH = `
  le la les l un une des du de d au aux ce cet cette ces ca c'est cela celui celle y en s'y
  je j j'ai moi me m mon ma mes nous notre nos on tu t te toi ton ta tes vous votre vos il elle ils elles lui se s
  ai as a avons avez ont avais avait suis es est etes sont etait etaient ete etre avoir fait fais faire font faisait
  peux peut pouvez peut-on peux-tu veux veut voudrais dois doit vais va vont aller alle alles allee parti partis partie
  et ou mais donc alors puis aussi encore deja juste seulement plutot environ exactement vraiment actuellement maintenant
  que qu qui quoi quel quelle quels quelles combien comment quand ou pourquoi quelque quelques
  dans sur sous par pour avec chez entre pendant durant depuis jusqu jusque vers apres avant lors cours
  dis dire dis-moi montre montre-moi affiche donne donne-moi liste trouve calcule sais savoir voir peux-tu stp svp plait merci
  bonjour bonsoir salut coucou euh ben bah hein mdr ok
  depense depenses depenser depensee depensees depensait paie paye payer payes payee paies paiement paiements payait coute coutent coutes couter cout
  couts prix achat achats achete acheter achetee achetes achats commande commandes commander commandee claque claquer
  claques flambe flamber crame lache lacher debourse debourser sorti sortie sorties
  argent thunes thune fric ble sous balles tune tunes montant montants somme sommes total totale totales totaux tout toute toutes tous
  global globale ensemble cumul cumule additionne additionnes reuni reunis
  fois nombre operation operations transaction transactions facture factures frais charge charges
  dernier derniere derniers dernieres passe passee passes passees precedent precedente recent recente recents recentes
  jour jours semaine semaines mois annee annees an ans trimestre date debut
  mensuel mensuelle mensuels mensuelles quotidien hebdomadaire annuel annuelle
  plus moins gros grosse grosses grand grande grands grandes petit petite petites cher chere chers cheres eleve elevee elevees
  moyenne moyen generalement habituellement habitude d'habitude
  compare comparer comparaison compares difference ecart meme pareil augmente augmentation baisse diminue change evolution rapport
  repartition detail detaille categorie categories marchand marchands magasin magasins endroit poste postes principaux principales
  revenu revenus salaire salaires gagne gagner gagnes touche touches recu recus rentre rentrees entrees encaisse
  reste restait economise economiser economies epargne epargner mis mettre cote solde soldes compte comptes banque
  abonnement abonnements recurrent recurrents prelevement prelevements echeance
  prevision previsions budget budgets objectif objectifs atteindre
  pourcentage part proportion oui non si bien tres trop assez peu beaucoup
  chaque idee estimation trajet trajets voyage ticket tickets recu passage passages remonte remontent lequel laquelle lesquels lesquelles raque douille casque file
  envoye rapide question peu pres resume bilan recap recapitulatif dis-le voudrait aimerais saurais connaitre fait-il y-a-t-il
  article articles truc trucs chose choses genre`;

/** Pieces of which Korean words are made: particles, endings, and the words of questions about money. */
const KOREAN = `
  은 는 이 가 을 를 에 에서 에게 한테 로 으로 와 과 랑 이랑 하고 의 도 만 까지 부터 보다 마다 씩 요 야 이야 예요 이에요 에요 인가 인가요 인지 인데
  니 나 지 죠 네 냐 까 어 아 었 았 였 여 는데 는지 은지 던 거야 거지 거예요 건가 건지 건데 라 고 며 면 서 듯 해 했 한 할 하 하는 하면 하자 해서 했어 해줘 줘 줄래 주세요 줘요 입니다 습니까 니까 습니다 됐 되 돼 된 될 있 있어 없 있는 없는
  얼마 얼마나 총 총액 총합 합계 전체 전부 모두 다 합쳐 합치 합쳐서 합한 합해 합산 더하 더해 돈 금액 지출 소비 비용 값 비 내역 거래 결제 사용 구매 이용 주문 수입 소득 월급 급여 벌이
  정도 동안 간 중 중에 것 거 건 게 걸 번 회 몇 언제 어디 뭐 뭘 뭔 무엇 무슨 어느 어떤 얼만큼 왜
  인 중인 거기 거기서 그곳 그곳에서 여기 내 제 나의 저의 우리 그 저 요즘 지금 현재 방금 그럼 그러면 그리고 그건 근데 그래서 혹시 좀 조금 더 덜 많이 많은 많 적게 적은 적 제일 가장 큰 크게 작은 비싼 비싸게 비쌌 비싸 싼 싸게 높은 낮은 평균 비교 차이 총지출 대비
  수 안전 안심 썼 썻 쓴 쓰 써 쓸 쓰는 나갔 나간 나가 나가는 나왔 나오 나온 들어왔 들어온 들어오 들어갔 들어간 들었 드는 드 벌었 번 받았 받은 받 샀 산 사 먹었 먹은 먹 마셨 마신 시켰 시킨 시켜 갔 간 탔 탄 냈 낸 내 지불 빠졌 빠져나갔 빠져나가 빠지 빠진 결제한 구독 구독료 요금 이체 정기 자동 남았 남은 남 모았 모은 저축 저금 절약
  알려 보여 말해 가르쳐 계산 확인 정리 궁금 찾아 조회 부탁
  하루 매일 매달 매월 매주 한달 달 주 월 년 일 연 날 때 건수 횟수 예산 잔액 잔고 통장 계좌 목표 카드 현금 곳 데 분야 항목 카테고리 가맹점 가게 매장
  씀 쓴거 갖다줬 갖다 줬 바쳤 시킬 시키 마지막 마지막으로 들인 태운 깨졌 깨진 드는지 되지 될까 됐지 됐어 계산하면 대충 대략 총합계 얼마치 얼마정도 얼만 얼마인지 각각 둘 중 어느쪽 어디가 어느게
  지출액 사용액 결제액
  늘었 줄었 늘어 줄어 증가 감소 올랐 내렸 변화 다음 예정 안녕 고마워 네 응 ㅋ ㅎ ㅠ 음`;

const wordsOf = (text: string): string[] => fold(text).split(/\s+/);

/** English and French words of questions. */
export const ENGLISH_WORDS: ReadonlySet<string> = new Set(wordsOf(ENGLISH));
export const FRENCH_WORDS: ReadonlySet<string> = new Set(wordsOf(FRENCH));

const KOREAN_PIECES: ReadonlySet<string> = new Set(wordsOf(KOREAN));
const LONGEST_PIECE = Math.max(...[...KOREAN_PIECES].map(({ length }) => length));
/** No word of a question is longer. */
const LONGEST_KOREAN_WORD = 24;

/** Whether a word is made of known pieces; each place in it is looked at once, however many ways there are. */
const isKoreanWord = (word: string): boolean => {
  if (word.length > LONGEST_KOREAN_WORD) {
    return false;
  }
  const reached = new Set([0]);
  for (let start = 0; start < word.length; start += 1) {
    if (reached.has(start)) {
      for (let end = start + 1; end <= Math.min(word.length, start + LONGEST_PIECE); end += 1) {
        if (KOREAN_PIECES.has(word.slice(start, end))) {
          reached.add(end);
        }
      }
    }
  }
  return reached.has(word.length);
};

// Single letters are what elisions and contractions leave.
const isCommon = (word: string): boolean =>
  (word.length === 1 && /[a-z]/.test(word)) ||
  /^(?:re|ve|ll|ci|st|nd|rd|th)$/.test(word) ||
  ENGLISH_WORDS.has(word) ||
  FRENCH_WORDS.has(word) ||
  (/\p{Script=Hangul}/u.test(word) && isKoreanWord(word));

/** Words for time that no rule has read: without what they say, a figure would be of another time. */
const UNREAD_TIME =
  /(?<!\b(?:per|a|an|each|every|by|which|what|par|chaque|quel|the|le|ce|in|many|that|this|same) )\b(?:weeks?|months?|years?|quarters?|semaines?|mois|annees?|ans|trimestres?)\b|\b(?:of|in|de|du|dans|sur) (?:the |l'|la |le )?(?:weeks?|months?|years?|quarters?|semaines?|mois|annees?|trimestres?)\b|\b(?:last|past|previous|derniere?s?|precedente?s?|passee?s?)\b|지난|저번|재작년/u;

/**
 * A word for a time in a text whose times are cut out, if there is one.
 * @param rest folded text
 */
export const unreadTime = (rest: string): string | undefined => UNREAD_TIME.exec(rest)?.[0];

/** People and things of others: whoever asks about them asks for what is not theirs, whatever else is said. */
export const SOMEBODY_ELSE =
  /\b(?:neighbou?rs?|friends?|boss|colleagues?|coworkers?|brothers?|sisters?|mums?|moms?|dads?|father|mother|wife|husband|girlfriend|boyfriend|flatmates?|roommates?|somebody|someone|people|everyone|he|she|his|her|they|their|voisine?s?|amie?s?|patronn?e?|collegues?|freres?|soeurs?|mere|pere|femme|mari|copine?|colocs?|quelqu'un|gens)\b|친구|이웃|옆집|동료|사장|상사|엄마|아빠|어머니|아버지|남편|아내|형|누나|언니|오빠|동생|여자친구|남자친구|사람들/u;

/**
 * Words of a text that nothing explains.
 * @param rest folded text from which times, names, categories and amounts are cut out
 */
export const unreadWords = (rest: string): string[] =>
  [...rest.matchAll(/[\p{L}\p{M}]+(?:['-][\p{L}\p{M}]+)*|\p{N}+/gu)]
    .map(([word]) => word)
    .filter((word) => !isCommon(word) && !word.split(/['-]/).every(isCommon));
