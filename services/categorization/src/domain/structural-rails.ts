import { words } from './merchant-name.ts';

/** A phrase that tells how money moved, with what it means for money out and money in. */
interface RailPhrase {
  out: string | null;
  in: string | null;
  /** Natural-log odds that the phrase decides. */
  weight: number;
}

/** A rail found in a descriptor. */
export interface RailHit {
  category: string;
  text: string;
  weight: number;
}

const STRONG = 9;
const MEDIUM = 5;
const WEAK = 2.5;

/** `out;in;weight: phrase|phrase` with `-` for "says nothing in this direction". */
const LATIN = `
cash-withdrawals;deposits;${STRONG}: atm withdrawal|atm withdrawl|atm withdrwl|atm w d|atm wd|cash withdrawal|cash wdl|atm cash|withdrawal at atm|cash machine|cashpoint|lnk|autobank cash|cardless cash|cash advance atm|retrait dab|ret dab|retrait gab|retrait especes|retrait au distributeur|retrait distributeur|retrait carte|retrait guichet|retrait|withdrawal branch|counter withdrawal|customer withdrawal|teller withdrawal|non bank atm|cash send|ewallet send|instant money|nonbank atm|dab
cash-withdrawals;deposits;${MEDIUM}: atm|wdl|automatic teller
cash-withdrawals;deposits;${WEAK}: cash|withdrawal
deposits;deposits;${STRONG}: mobile deposit|check deposit|cheque deposit|cash deposit|atm deposit|remote deposit|remote online deposit|mobile check deposit|atm cash deposit|branch deposit|remise de cheque|remise cheque|remise cheques|remise de cheques|versement especes|depot especes|depot de cheque|deposit branch|counter credit|mobile banking deposit|edeposit
-;deposits;${MEDIUM}: deposit|depot|versement|remise|lodgement
other-bank-fees;other-bank-fees;${STRONG}: maintenance fee|service fee monthly|monthly service fee|monthly maintenance|monthly fee|account fee|monthly account|admin fee|transaction fee|payment fee|wire transfer fee|wire fee|processing fee|collection fee|authentication fee|notification fee|sms fee|withdrawal fee|statement fee|card fee|annual fee|annual membership fee|late fee|late payment fee|service charge|bank charge|bank charges|service fees|ledger fee|cash withdrawal fee|atm cash fee|fee for|purchase fee|fee rebate|credit fee rebate|fee refund|card replacement fee|penalty fee|cash advance fee|balance transfer fee|stop payment fee|returned check fee|int pymt fee|base fee|account maintenance|offshore service margin|currency conversion fee|conversion fee|frais bancaires|frais de tenue de compte|frais tenue compte|tenue de compte|cotisation mensuelle|cotisation carte|cotis carte|cotisation compte|cotisation trimestrielle|cotisation annuelle|commission d intervention|commission dintervention|commissions d intervention|commission intervention|frais de gestion|frais gestion|forfait compte|cotisation offre|frais virement|frais de virement|frais irregularites|lettre info|frais opposition|declined fee|unpaid fee|fee reversal|fee adjustment|cotis mens|cotis|frais lettre|droits de garde
other-bank-fees;other-bank-fees;${MEDIUM}: fee|fees|charges|commission|commissions|frais|agios|cotisation|cotisations
atm-fees;atm-fees;${STRONG + 1}: atm fee|atm fees|atm surcharge|atm surcharge fee|non network atm fee|out of network atm|foreign atm fee|atm withdrawal fee|atm service charge|atm fee with|frais retrait|frais de retrait
foreign-transaction-fees;foreign-transaction-fees;${STRONG + 1}: foreign transaction fee|international transaction fee|foreign exchange fee|non sterling transaction fee|non gbp trans fee|foreign fee|intl transaction fee|international processing fee|international processing|frais paiement hors zone|commission paiement etranger|frais hors zone euro|commission achat hors zone|frais etranger|international service fee|fx fee
insufficient-funds-fees;insufficient-funds-fees;${STRONG + 1}: insufficient funds|nsf|nsf fee|returned item|returned payment|unpaid item|frais rejet|frais de rejet|rejet prelevement|frais impaye|returned item fee|dishonour fee|honour fee
overdraft-fees;overdraft-fees;${STRONG}: overdraft|overdraft fee|overdraft charge|unarranged overdraft|frais decouvert|depassement decouvert
interest-charges;interest-earned;${STRONG}: interest charge|interest charged|purchase interest|interest on debit|int on debit|debit interest|interest debit|interets debiteurs|agios|interets decouvert|interets et frais|interest chg|loan interest|overdraft interest|interest on overdraft
interest-charges;interest-earned;${STRONG}: interest paid|interest payment|interest earned|credit interest|interest credit|gross interest|savings interest|net interest|interest deposit|interest income|interest capitalised|int paid|interets crediteurs|interets livret|interets acquis|interets compte|interest capitalization
interest-charges;interest-earned;${MEDIUM}: interest|interets|int pymt
dividends;dividends;${STRONG}: dividend|dividends|dividend income|cash dividend|dividende|dividendes|coupon|coupons|distribution dividend
-;salary;${STRONG}: payroll|direct dep|direct deposit|dir dep|salary|wages|paycheck|salaire|salaires|paie|paye|traitement|bacs salary|net pay|remuneration|direct deposit payroll|dirdep|reg salary|salary credit|payroll ppd|adp payroll|gusto pay|paie mois|bulletin
-;tax-refund;${STRONG + 1}: tax refund|tax ref|taxrfd|tax rfd|treas 310 tax|state tax refund|irs treas|irs treas 310|remboursement impot|remboursement impots|rembt impots|remboursement impot revenu|tax refnd
-;pension;${STRONG + 1}: soc sec|social security|ssa treas|ssa treas 310|state pension|pension|pension payment|retraite|cnav|agirc arrco|carsat|va benefit
-;unemployment-benefits;${STRONG + 1}: unemployment|ui benefit|ui benefits|unemp benefit|pole emploi|france travail|jobseekers|allocation chomage|edd ui
-;other-income;${MEDIUM + 1}: caf|cpam|allocation|allocations|allocations familiales|child benefit|universal credit|remboursement|remboursement soins|remboursement mutuelle|ndf|note de frais|notes de frais|frais professionnels|prime|cashback|cash back|cash rewards|cash reward|rewards redemption|reimbursement|expense reimbursement|rebate|child support|alimony|stimulus|dwp|cpam remboursement|cash back bonus|statement credit|bonus
-;refunds;${WEAK}: refund|remb|avoir|rembt
other-transfers-out;other-transfers-in;${MEDIUM + 1}: wire transfer|wire in|wire out|faster payment|faster payment received|bank transfer|transfer|xfer|internet transfer|online transfer|funds transfer|telephone transfer|mobile transfer|tfr|trf|payment from|money transfer|external transfer|electronic transfer|interac e transfer|virement|standing order|ib payment|internet payment|online banking payment|funds received|money received|realtime transfer|immediate payment|rtc payment|payment received|funds transfer to|funds transfer from|bill payment received|ach transfer
own-transfers-out;own-transfers-in;${STRONG - 1}: transfer to checking|transfer from checking|transfer to chk|transfer from chk|transfer to account|transfer from account|transfer to a c|transfer from a c|own account|internal transfer|transfer between|transfer to share|transfer from share|online transfer to|online transfer from|online transfer to chk|virement interne|compte a compte|cpte a cpte|cpte a cpte emis|cpte a cpte recu|virement de mon compte|vers compte joint|virement emis vers|compte joint|transfer to|transfer from|between accounts|virement faveur tiers|faveur tiers|vir faveur tiers|virement permanent|virement emis|virement recu|vir sepa recu|vir sepa emis|vir recu|vir emis
savings-out;savings-in;${STRONG}: transfer to savings|transfer from savings|to savings|from savings|transfer to sav|transfer from sav|savings transfer|savings pot|saver pot|to saver|vers livret|depuis livret|livret a|vir epargne|virement epargne|epargne logement|livret jeune|livret dev durable|ldds|ldd|pel|cel|versement pel|round up|auto save|keep the change|savings account|isa transfer|cash isa|savings|epargne|livret
investments-out;investments-in;${STRONG}: investment|investments|brokerage|securities|mutual fund|assurance vie|versement assurance vie|achat titres|bourse|pea|per versement|plan epargne action|crypto|bitcoin|ira contribution|401k|roth ira|shares purchase|stocks and shares|unit trust
app-transfers-out;app-transfers-in;${STRONG}: zelle|venmo|cash app|cashapp|zelle to|zelle from|venmo payment|venmo cashout|paypal transfer|paypal inst xfer|popmoney|lydia|paylib|wero|apple cash|square cash|revolut|wise|transferwise|monzo|paypal instant transfer|pot transfer|payid|osko
credit-card-payments;credit-card-payments;${STRONG}: credit card payment|card payment thank you|payment thank you|crd autopay|credit crd|credit crd autopay|credit crd epay|crcardpmt|creditcard|epayment|e payment|applecard gsbank|applecard|mobile pmt|credit card|card payment to credit|autopay pymt|automatic payment thank|payment thank|ach pmt amex|citi card|barclaycard|debit mensuel carte|releve carte|releve differe|releve differe carte|carte a debit differe|debit differe carte|debit differe|paiements carte a debit differe|capital one crcardpmt|discover e|card services payment|cardmember serv|synchrony bank|chase card|credit card bill|online payment thank you|crd pmt|payment to credit card|amex epayment|barclaycard payment|comenity pay|internet payment thank you
credit-card-payments;-;${WEAK}: epay|autopay|online pmt|onlinepmt|card pmt
mortgage-payments;-;${STRONG}: mortgage|mortgage payment|mtg pymt|home mtg|home loan|mtg|pret immobilier|pret immo|pret habitat|bond repayment|bond instalment|echeance pret immobilier|echeance pret habitat|echeance pret immo|hypotheque|mortg
car-loan-payments;-;${STRONG}: auto loan|car loan|auto payment|auto finance|auto pay loan|vehicle finance|auto fin|financial services auto|motor finance|loa auto|location longue duree
student-loan-payments;-;${STRONG}: student loan|student ln|studentloan|pret etudiant|dept education|student loans|sallie mae|navient|nelnet|mohela|slc receipts
personal-loan-payments;loans-received;${STRONG}: loan payment|loan pmt|loan repayment|loan instalment|loan installment|personal loan|echeance pret|ech pret|credit conso|echeance credit|pret personnel|remboursement pret|remb pret|instalment|remboursement credit|installment|lending|payday|loan|pret|echeance|repayment|ln pymt|debicheck loan|credit consommation
loans-received;loans-received;${STRONG + 1}: loan proceeds|loan disbursement|loan advance|deblocage pret|deblocage credit|loan drawdown|cash advance|mise a disposition pret|disbursement
rent;rental-income;${STRONG}: rent payment|rent pymt|web rent|loyer|virement loyer|quittance|apartment rent|rental payment|syndic|copropriete|charges copropriete|gerance|propertymgmt|bailleur
rent;rental-income;${WEAK}: rent|lettings|letting|property mgmt
taxes;tax-refund;${STRONG}: usataxpymt|tax payment|tax pymt|taxpayment|council tax|income tax|property tax|impot|impots|dgfip impot|dgfip|direction generale des finances publiques|finances publiques|taxe fonciere|taxe habitation|impot revenu|hmrc|hmrc self assessment|inland revenue|franchise tax|sars|revenue nsw|vat payment|dtf pit|tax pit|state tax|prelevement impot|taxe
-;child-support;${STRONG}: child support payment
`;

const HANGUL = `
cash-withdrawals;deposits;${STRONG}: atm출금|현금인출|cd출금|atm현금|현금출금|자동화기기|기기출금|현금지급|창구출금
deposits;deposits;${STRONG}: atm입금|현금입금|cd입금|창구입금|무통장입금
other-bank-fees;other-bank-fees;${STRONG}: 수수료|연회비|연체료|보관료|계좌관리|펌뱅킹수수료
atm-fees;atm-fees;${STRONG + 2}: atm수수료|인출수수료|타행기기수수료|출금수수료|기기수수료
foreign-transaction-fees;foreign-transaction-fees;${STRONG + 2}: 해외이용수수료|해외서비스수수료|해외결제수수료|환전수수료
interest-charges;interest-charges;${STRONG + 1}: 대출이자|통장이자|카드론이자|연체이자|마이너스이자|이자납입
interest-charges;interest-earned;${MEDIUM}: 이자
-;interest-earned;${STRONG}: 예금이자|이자입금|결산이자|적금이자|이자지급|이자세후
-;dividends;${STRONG}: 배당|분배금
-;salary;${STRONG}: 급여|월급|상여|성과급|주급|임금|보너스|수당|인건비|알바비|조교|강사료|연구비|장학금
-;pension;${STRONG + 1}: 국민연금|기초연금|연금수령|공무원연금|사학연금|노령연금
-;tax-refund;${STRONG + 1}: 국세환급|지방세환급|연말정산|세금환급|환급세액|국세청환급
-;unemployment-benefits;${STRONG + 1}: 실업급여|구직급여
-;other-income;${STRONG}: 지원금|아동수당|장려금|캐시백|환급금|환급|재난지원|육아수당|포인트전환|리워드
app-transfers-out;app-transfers-in;${STRONG}: 토스송금|카카오페이송금|카카오송금|카카오페이충전|네이버페이충전|토스입금|카카오뱅크입금|간편송금|페이충전|카카오페이받기|토스머니|카카오머니
other-transfers-out;own-transfers-in;${STRONG - 1}: 계좌이체|타행송금|폰뱅킹|인터넷뱅킹|당행이체|타행이체|모바일이체|전자금융|오픈뱅킹|내계좌|자동이체입금|스마트뱅킹|펌뱅킹|송금|대체입금|대체출금|인터넷이체|타행입금|이체입금|이체출금
other-transfers-out;own-transfers-in;${MEDIUM}: 이체
family-occasions;gifts-received;${STRONG + 1}: 축의금|조의금|부의금|경조사
savings-out;savings-in;${STRONG}: 적금|청약|예금가입|저축자동|저금통|정기예금|자유저축|모으기|세이프박스|정기적금|저축이체|저축
investments-out;investments-in;${STRONG}: 증권|펀드|업비트|빗썸|코인원|주식매수|투자|연금저축|irp납입|isa납입|두나무|비상장
credit-card-payments;credit-card-payments;${STRONG}: 결제대금|카드대금|카드결제대금|카드값|신한카드|삼성카드|현대카드|국민카드|kb카드|롯데카드|하나카드|우리카드|bc카드|비씨카드|농협카드|nh카드|씨티카드|카드결제|카드이용대금
mortgage-payments;-;${STRONG + 1}: 주택담보|주담대|보금자리론|전세자금|전세대출|디딤돌대출|모기지
student-loan-payments;-;${STRONG + 2}: 학자금|장학재단
car-loan-payments;-;${STRONG + 1}: 자동차할부|오토론|차량할부
personal-loan-payments;loans-received;${STRONG}: 대출|원리금|캐피탈|할부금|카드론|저축은행|론상환|상환
loans-received;loans-received;${STRONG + 2}: 대출금입금|대출실행|현금서비스|단기카드대출
rent;rental-income;${STRONG}: 관리비|월세|임대료|lh임대|집세|전세금|보증금
taxes;tax-refund;${STRONG}: 국세|지방세|자동차세|재산세|소득세|위택스|부가가치세|부가세|주민세|취득세|종부세|세금납부|등록세|종합소득
`;

interface PhraseNode {
  next: Map<string, PhraseNode>;
  phrase: RailPhrase | null;
}

const parse = (table: string, split: (phrase: string) => readonly string[]): PhraseNode => {
  const root: PhraseNode = { next: new Map(), phrase: null };
  for (const line of table.trim().split('\n')) {
    const colon = line.indexOf(': ');
    const [out = '-', into = '-', weight = '0'] = line.slice(0, colon).split(';');
    for (const text of line.slice(colon + 2).split('|')) {
      let at = root;
      for (const step of split(text)) {
        let next = at.next.get(step);
        if (next === undefined) {
          next = { next: new Map(), phrase: null };
          at.next.set(step, next);
        }
        at = next;
      }
      at.phrase ??= { out: out === '-' ? null : out, in: into === '-' ? null : into, weight: Number(weight) };
    }
  }
  return root;
};

const LATIN_PHRASES = parse(LATIN, (text) => words(text));
const HANGUL_PHRASES = parse(HANGUL, (text) => [...text]);

const collect = (
  root: PhraseNode,
  steps: readonly string[],
  moneyIn: boolean,
  joiner: string,
  into: RailHit[],
): void => {
  for (let start = 0; start < steps.length; start += 1) {
    let at = root.next.get(steps[start] ?? '');
    let index = start;
    let longest: RailHit | null = null;
    while (at !== undefined) {
      const category = moneyIn ? at.phrase?.in : at.phrase?.out;
      if (at.phrase !== null && category !== null && category !== undefined) {
        const text = steps.slice(start, index + 1).join(joiner);
        const length = index - start;
        longest = {
          category,
          text,
          weight: at.phrase.weight + (joiner === ' ' ? 0.4 * length : 0.1 * length),
        };
      }
      index += 1;
      at = index < steps.length ? at.next.get(steps[index] ?? '') : undefined;
    }
    if (longest !== null) {
      into.push(longest);
    }
  }
};

/**
 * Finds phrases that tell the kind of movement: cash, fee, interest, pay, loan, card bill, transfer, rent, tax.
 * @param tokens words of the whole descriptor
 * @param hangul letters of the descriptor without spaces when it has Hangul, else empty
 * @param moneyIn whether the amount is money in
 * @returns hits, strongest first
 */
export const findRails = (tokens: readonly string[], hangul: string, moneyIn: boolean): RailHit[] => {
  const hits: RailHit[] = [];
  collect(LATIN_PHRASES, tokens, moneyIn, ' ', hits);
  if (hangul !== '') {
    collect(HANGUL_PHRASES, [...hangul], moneyIn, '', hits);
  }
  return hits.sort((a, b) => b.weight - a.weight);
};
