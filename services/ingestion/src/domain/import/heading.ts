/** What a column holds, as far as an import cares. */
export type ColumnRole =
  | 'date'
  | 'time'
  | 'description'
  | 'merchant'
  | 'amount'
  | 'debit'
  | 'credit'
  | 'direction'
  | 'currency'
  | 'account'
  | 'mcc'
  | 'ignored';

/** Languages whose headings are known. */
export type HeadingLanguage = 'en' | 'fr' | 'ko';

/** Headings as banks and card issuers print them, best first within a role and language. */
const HEADINGS: Record<ColumnRole, Record<HeadingLanguage, readonly string[]>> = {
  date: {
    en: [
      'transacted at',
      'transaction date',
      'date',
      'trans date',
      'transaction time',
      'date and time',
      'datetime',
      'purchase date',
      'completed date',
      'started date',
      'date completed',
      'booking date',
      'booked at',
      'posting date',
      'post date',
      'posted date',
      'posted on',
      'posted',
      'date posted',
      'entry date',
      'effective date',
      'process date',
      'processed date',
      'settlement date',
      'value date',
      'timestamp',
      'created',
      'created at',
      'when',
      'day',
      'occurred at',
    ],
    fr: [
      "date d'opération",
      "date de l'opération",
      'date opération',
      'date op',
      'date de transaction',
      'date transaction',
      "date d'achat",
      'date achat',
      'date de paiement',
      'date comptable',
      'date de comptabilisation',
      "date d'exécution",
      "date d'enregistrement",
      'date écriture',
      'date de valeur',
      'date valeur',
      'jour',
      'date et heure',
    ],
    ko: [
      '거래일시',
      '거래일자',
      '거래일',
      '이용일시',
      '이용일자',
      '이용일',
      '승인일시',
      '승인일자',
      '승인일',
      '사용일시',
      '사용일자',
      '사용일',
      '결제일시',
      '매출일자',
      '매출일',
      '거래날짜',
      '날짜',
      '일자',
      '일시',
      '접수일자',
      '결제일자',
      '결제일',
    ],
  },
  time: {
    en: ['time', 'transaction hour', 'time of day'],
    fr: ['heure', "heure de l'opération", 'heure opération'],
    ko: ['거래시간', '거래시각', '이용시간', '승인시간', '승인시각', '사용시간', '시간', '시각'],
  },
  description: {
    en: [
      'description',
      'transaction description',
      'original description',
      'details',
      'transaction details',
      'narrative',
      'narration',
      'particulars',
      'memo',
      'statement text',
      'reference text',
      'remarks',
      'transaction',
      'text',
      'counter party',
      'counterparty',
      'name',
      'payee',
      'remittance information',
      'purpose',
      'notes',
      'reference',
      'note',
    ],
    fr: [
      'libellé',
      "libellé de l'opération",
      'libellé opération',
      'libellé complet',
      'libellé détaillé',
      'libelle operation',
      'intitulé',
      "intitulé de l'opération",
      "nature de l'opération",
      'opération',
      'désignation',
      'détail',
      'détails',
      'détail écriture',
      'motif',
      'communication',
      'libellé simplifié',
      'objet',
      'commentaire',
    ],
    ko: [
      '적요',
      '거래내용',
      '내용',
      '거래내역',
      '이용내역',
      '사용내역',
      '기재내용',
      '거래기록사항',
      '상세내용',
      '통장표시내용',
      '통장메모',
      '내역',
      '메모',
      '비고',
    ],
  },
  merchant: {
    en: [
      'merchant name',
      'merchant',
      'shop',
      'store',
      'vendor',
      'payee name',
      'retailer',
      'merchant description',
    ],
    fr: ['commerçant', 'marchand', 'enseigne', 'nom du commerçant', 'bénéficiaire', 'fournisseur', 'tiers'],
    ko: [
      '가맹점명',
      '가맹점',
      '이용가맹점',
      '이용가맹점명',
      '이용하신곳',
      '이용처',
      '사용처',
      '이용가맹점은행명',
      '상호',
      '상호명',
      '거래처',
      '거래처명',
      '판매처',
      '매장명',
      '받는분',
      '보낸분받는분',
      '의뢰인수취인',
      '거래상대',
    ],
  },
  amount: {
    en: [
      'amount',
      'transaction amount',
      'amount local',
      'net amount',
      'total amount',
      'billing amount',
      'billed amount',
      'charge amount',
      'value',
      'sum',
      'total',
      'gross',
      'price',
    ],
    fr: [
      'montant',
      "montant de l'opération",
      'montant opération',
      'montant transaction',
      'montant en euros',
      'montant net',
      'somme',
      'valeur',
    ],
    ko: [
      '이용금액',
      '거래금액',
      '승인금액',
      '사용금액',
      '결제금액',
      '국내이용금액',
      '매출금액',
      '금액',
      '원화금액',
      '이용금액원',
      '청구금액',
      '거래액',
      '이용대금',
      '합계금액',
    ],
  },
  debit: {
    en: [
      'debit',
      'debits',
      'debit amount',
      'amount debit',
      'withdrawal',
      'withdrawals',
      'withdrawal amount',
      'paid out',
      'money out',
      'out',
      'payments',
      'spent',
      'outflow',
      'amount out',
    ],
    fr: [
      'débit',
      'débits',
      'débit euros',
      'montant débit',
      'montant au débit',
      'dépense',
      'dépenses',
      'sorties',
      'retrait',
      'retraits',
    ],
    ko: [
      '출금',
      '출금액',
      '출금금액',
      '찾으신금액',
      '지급금액',
      '지출',
      '지출금액',
      '출금원',
      '빠져나간금액',
    ],
  },
  credit: {
    en: [
      'credit',
      'credits',
      'credit amount',
      'amount credit',
      'deposit',
      'deposits',
      'deposit amount',
      'paid in',
      'money in',
      'in',
      'received',
      'inflow',
      'amount in',
    ],
    fr: [
      'crédit',
      'crédits',
      'crédit euros',
      'montant crédit',
      'montant au crédit',
      'recette',
      'recettes',
      'entrées',
      'versement',
      'versements',
    ],
    ko: ['입금', '입금액', '입금금액', '맡기신금액', '수입', '수입금액', '입금원'],
  },
  direction: {
    en: [
      'debit credit',
      'credit debit',
      'debit or credit',
      'dr cr',
      'cr dr',
      'credit debit indicator',
      'transaction type',
      'type',
      'direction',
      'sign',
    ],
    fr: ['sens', 'débit crédit', 'type', "type d'opération", 'type opération'],
    ko: ['입출금구분', '구분', '거래구분', '입출구분', '입출금', '거래유형'],
  },
  currency: {
    en: ['currency', 'currency code', 'ccy', 'amount currency', 'transaction currency', 'account currency'],
    fr: ['devise', 'monnaie', 'code devise', 'devise du compte'],
    ko: ['통화', '통화코드', '화폐', '화폐단위', '통화구분'],
  },
  account: {
    en: ['account', 'account name', 'account id', 'card', 'card number', 'card no', 'card name'],
    fr: [
      'compte',
      'numéro de compte',
      'nom du compte',
      'libellé compte',
      'libellé du compte',
      'carte',
      'numéro de carte',
    ],
    ko: ['계좌', '계좌번호', '계좌명', '카드', '카드명', '카드번호', '이용카드', '카드구분'],
  },
  mcc: {
    en: ['mcc', 'merchant category code', 'mcc code'],
    fr: ['code mcc', 'code activité'],
    ko: ['업종코드', '가맹점업종코드'],
  },
  ignored: {
    en: [
      // Often the other party's number, so it does not tell the user's own accounts apart.
      'account number',
      'iban',
      'balance',
      'running balance',
      'available balance',
      'account balance',
      'closing balance',
      'ledger balance',
      'fee',
      'fees',
      'category',
      'subcategory',
      'parent category',
      'status',
      'state',
      'exchange rate',
      'original amount',
      'foreign amount',
      'original currency',
      'foreign currency',
      'local amount',
      'local currency',
      'amount foreign',
      'tax',
      'vat',
      'transaction id',
      'id',
      'cheque number',
      'check number',
      'due date',
      'statement date',
      'labels',
      'tags',
      'product',
      'points',
      'cashback',
      'emoji',
      'country',
      'city',
      'address',
      'receipt',
      'sort code',
      'reward',
      'installments',
      'authorization number',
      'card member',
    ],
    fr: [
      'solde',
      'solde comptable',
      'solde après opération',
      'solde courant',
      'frais',
      'catégorie',
      'sous catégorie',
      'statut',
      'taux de change',
      "montant d'origine",
      "devise d'origine",
      'montant en devise',
      'montant en francs',
      'référence',
      'numéro',
      "date d'échéance",
      'pointage',
      'pays',
      'ville',
      'informations complémentaires',
      'type de compte',
      'comptabilisé',
    ],
    ko: [
      '잔액',
      '거래후잔액',
      '잔고',
      '수수료',
      '카테고리',
      '분류',
      '상태',
      '승인번호',
      '할부',
      '할부개월',
      '이용구분',
      '취소여부',
      '환율',
      '현지금액',
      '해외이용금액',
      '현지통화',
      '거래점',
      '거래은행',
      '취급점',
      '취급지점',
      '순번',
      '번호',
      '포인트',
      '부가세',
      '결제예정일',
      '접수번호',
      '대분류',
      '소분류',
      '사업자번호',
      '이용혜택',
      '혜택금액',
      '적립',
      '국가',
      '거래지점',
      '결제방법',
      '결제수단',
      '결제원금',
    ],
  },
};

/** Parts of longer headings that still tell the role, tried when no whole heading matches. */
const FRAGMENTS: readonly (readonly [ColumnRole, RegExp])[] = [
  [
    'ignored',
    /balance|solde|잔액|수수료|fee|foreign|original|devise|해외|현지|exchange|taux|환율|할부|category|categorie/,
  ],
  ['debit', /debit|withdraw|출금/],
  ['credit', /credit|deposit|입금/],
  ['date', /date|일자|일시|날짜/],
  ['amount', /amount|montant|금액/],
  ['merchant', /merchant|commercant|가맹점/],
  ['description', /description|libelle|narrative|details|적요/],
  ['currency', /currency|통화/],
];

/**
 * A heading made comparable: lower case, without accents, units in parentheses, spaces and punctuation.
 * @param text the cell
 */
export const normaliseHeading = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\([^)]*\)|\[[^\]]*\]/g, ' ')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}]/gu, '');

/** What a heading tells. A lower `rank` is a better match of its role. */
export interface HeadingMatch {
  role: ColumnRole;
  rank: number;
  language: HeadingLanguage | undefined;
}

const isLanguage = (text: string): text is HeadingLanguage => text === 'en' || text === 'fr' || text === 'ko';
const isRole = (text: string): text is ColumnRole => Object.hasOwn(HEADINGS, text);

const KNOWN: ReadonlyMap<string, HeadingMatch> = (() => {
  const known = new Map<string, HeadingMatch>();
  for (const [role, languages] of Object.entries(HEADINGS)) {
    for (const [language, headings] of Object.entries(languages)) {
      headings.forEach((heading, rank) => {
        const key = normaliseHeading(heading);
        if (!known.has(key) && isRole(role) && isLanguage(language)) {
          known.set(key, { role, rank, language });
        }
      });
    }
  }
  return known;
})();

const FRAGMENT_RANK = 1000;

/**
 * Role of a column by its heading; undefined when the heading says nothing.
 * @param text the heading cell
 * @param options `exact`: only whole headings count, for telling a heading row from other rows
 */
export const matchHeading = (text: string, options: { exact: boolean }): HeadingMatch | undefined => {
  const key = normaliseHeading(text);
  if (key === '') {
    return undefined;
  }
  const known = KNOWN.get(key);
  if (known !== undefined || options.exact) {
    return known;
  }
  const fragment = FRAGMENTS.find(([, pattern]) => pattern.test(key));
  return fragment === undefined ? undefined : { role: fragment[0], rank: FRAGMENT_RANK, language: undefined };
};
