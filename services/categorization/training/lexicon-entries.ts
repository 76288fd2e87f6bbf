import { categoryBySlug } from '@orrery/contracts';
import type { LexiconEntry } from '../src/domain/merchant-lexicon.ts';
import { fold, words } from '../src/domain/merchant-name.ts';
import { loadMerchants, loadNotes, loadWords } from './load-sources.ts';

/** Ordinary words, first names and places that are also brands: they tell little inside a longer name. */
const ORDINARY = new Set(
  `total next action match paris but orange boots target gap express shell mobile sky three one first best star sun
  moon king queen royal crown gold golden silver blue red green black white city town village park lake river ocean
  beach island mountain hill valley forest garden house home hall club school world global national american
  america canada england london york boston texas california florida china india korea japan italy france spain
  mexico europe asia africa north south east west central grand great super mega max plus extra express fresh
  natural nature organic pure simple smart clever happy lucky love life time day night morning summer winter spring
  autumn sunday monday friday weekend apple orange lemon cherry berry peach olive ginger pepper salt sugar honey
  butter bread rice meat fish chicken beef pork turkey egg milk water wine beer tea bar grill food eat drink kitchen
  table plate spoon fork room space place square circle point line cross corner bridge gate tower castle church abbey
  station market mart store shop outlet center centre mall plaza court street road avenue lane way drive walk
  metro union alliance united eagle lion tiger bear wolf fox horse bull deer bird swan falcon hawk phoenix
  dragon rose lily daisy iris jade ruby pearl diamond crystal rainbow cloud sky wind storm fire flame light
  avon severn thames shadow stone rock iron steel copper mint sage basil oak pine cedar maple ash elm willow palm bamboo
  smith jones brown taylor wilson martin george henry charles james john paul peter david michael anna maria
  mary jack sam max ben tom dan joe bob jim bill alex chris pat lee kim chan scott mason dixon morgan jordan parker
  cooper hunter turner baker butcher carter cook miller fisher mercury apollo zeus atlas titan orion venus
  focus vision premier prime choice select classic modern urban metro retro vintage original authentic local
  united general standard direct central service services solution solutions systems group company partners
  delta alpha omega sigma beta gamma virgin vodka monday friday click link net web air jet go get run jump
  fit gym flex power energy strong fast quick rapid speed turbo rush dash zoom
  le la les des du au aux un une et ou petit grand belle beau bon bonne mon ma mes notre vous nous
  casa villa maison chez dame roi reine soleil lune etoile mer terre ciel jardin marche place rue pont
  casino noz relay quick match elan area atlas paul nicolas andre jules celio celeste
  state hope faith grace joy peace spirit soul heart hand foot head face eye art music song dance play game
  toy book page news post mail box bag hat cap shoe sock shirt dress coat ring watch clock key lock door window
  wall floor bed bath sofa chair desk lamp fan car bike bus truck ship boat plane train port dock pier bay cove
  canal credit loan cash money bank trust capital savings finance insurance mutual life general`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** Words of many trades: they tip a scale, they do not settle anything. */
const WEAK_WORDS = new Set(
  `service services solution solutions direct group shop shops store stores trading traders works work park tap brew house
  light parts supply supplies wholesale warehouse design designs studio studios media digital agency association assoc
  society direct outlet fund trust mission aid city county state paper press times data testing rescue stone glass wire
  steel oil light board society club show shows snow fun recovery comm cell phone cable jet aero camp camps rooms homes
  property retreat boat fair expo dance vision labs trust revenue duty policy premium ins rest law auto parts fees test`
    .split(/\s+/)
    .filter((word) => word !== ''),
);
const WEAK_WORD_STRENGTH = 0.55;

const HANGUL = /[\uac00-\ud7a3]/;

/**
 * Folded form under which a name is looked for: words apart by one space, or Hangul without spaces.
 * @param name a name as people write it
 */
export const formOf = (name: string): string => {
  const folded = fold(name.replace(/\(.*?\)/g, ' '));
  return HANGUL.test(folded) ? folded.replace(/[\s().,·_*/:&'-]+/g, '') : words(folded).join(' ');
};

/** Short capitals stand for too many things: transit agencies, parties, legal forms. */
const isBareAcronym = (name: string): boolean => /^[A-Z.&]{1,3}$/.test(name) || LEGAL.test(name);
const LEGAL =
  /^(?:inc|ltd|llc|plc|co|corp|limited|company|the|store|shop|public|public transport|metro|city|live!?|small|sale|first|live)$/i;

/** Side lines of a chain, which its plain name should not stand for. */
const SIDE_LINES =
  /amenity\/(?:car_wash|charging_station|vending_machine|bureau_de_change|money_transfer)|shop\/(?:photo|gas|lottery|ticket)/;
const isTradeName = (name: string): boolean => formOf(name).split(' ').length > 1 || HANGUL.test(name);

/** Kinds of movement are told by the rails, with the direction of the money. */
const RAIL_PRIMARIES: ReadonlySet<string> = new Set(['INCOME', 'TRANSFER_IN', 'BANK_FEES']);
const RAIL_WORDS =
  /pmt|payment|deposit|online|transfer|atm|withdraw|autopay|virement|retrait|이체|출금|송금|대출/i;

/** Several categories of one name: shops first, then fuel, phone, the rest. */
const ORDER: Readonly<Record<string, number>> = {
  groceries: 0,
  superstores: 0,
  restaurants: 1,
  'fast-food': 1,
  coffee: 1,
  clothing: 2,
  'convenience-stores': 3,
  fuel: 4,
  pharmacies: 4,
  telephone: 5,
};

/**
 * All entries of the lexicon from the shipped tables: our own notes first, then brands, then words.
 * @returns entries in the order in which equal forms win
 */
export const lexiconEntries = (): LexiconEntry[] => {
  const merchants = loadMerchants();
  const notes = loadNotes();
  const primariesByWord = new Map<string, Set<string>>();
  const countByWord = new Map<string, number>();
  for (const row of merchants) {
    for (const word of new Set(formOf(row.name).split(' '))) {
      countByWord.set(word, (countByWord.get(word) ?? 0) + 1);
      const primaries = primariesByWord.get(word) ?? new Set<string>();
      primaries.add(categoryBySlug(row.category)?.pfcPrimary ?? '');
      primariesByWord.set(word, primaries);
    }
  }
  const distinctOf = (form: string, tag = ''): number => {
    if (tag.startsWith('transit:') && !form.includes(' ')) {
      return HANGUL.test(form) ? 0.5 : 0.3;
    }
    if (HANGUL.test(form)) {
      return form.length >= 4 ? 1 : form.length === 3 ? 0.75 : 0.35;
    }
    const parts = form.split(' ');
    if (parts.length > 1) {
      return parts.every((part) => ORDINARY.has(part) || part.length < 3) ? 0.6 : 1;
    }
    if (ORDINARY.has(form)) {
      return 0.1;
    }
    const spread = (primariesByWord.get(form)?.size ?? 0) > 2 && (countByWord.get(form) ?? 0) > 4;
    const byLength = form.length <= 2 ? 0.2 : form.length === 3 ? 0.4 : form.length === 4 ? 0.65 : 0.9;
    return spread ? Math.min(0.35, byLength) : byLength;
  };
  const entries: LexiconEntry[] = [];
  const settled = new Set<string>();
  const add = (
    kind: 'brand' | 'word',
    category: string,
    countries: readonly string[],
    names: readonly string[],
    tag = '',
  ) => {
    const forms = [...new Set(names.map(formOf))].filter((form) => form.length > 1);
    const name = names[0] ?? '';
    for (const form of forms) {
      if (kind === 'brand' && settled.has(form)) {
        continue;
      }
      entries.push({
        kind,
        category,
        countries,
        name,
        forms: [form],
        distinct:
          kind === 'word'
            ? WEAK_WORDS.has(form) || form.length === 1
              ? WEAK_WORD_STRENGTH
              : 1
            : distinctOf(form, tag),
      });
    }
  };
  for (const note of notes) {
    for (const names of note.names) {
      add(note.kind, note.category, note.countries, names);
    }
  }
  for (const entry of entries) {
    if (entry.kind === 'brand') {
      settled.add(entry.forms[0] ?? '');
    }
  }
  const places = merchants.filter(
    (row) => !/power\/|charging_station|parcel_locker|vending_machine|amenity\/atm/.test(row.tag),
  );
  const rest = merchants.filter((row) => /charging_station|vending_machine/.test(row.tag));
  const ordered = [...places].sort((a, b) => (ORDER[a.category] ?? 3) - (ORDER[b.category] ?? 3));
  for (const row of [...ordered, ...rest]) {
    const primary = categoryBySlug(row.category)?.pfcPrimary ?? '';
    if (
      RAIL_PRIMARIES.has(primary) ||
      (RAIL_WORDS.test(row.name) && (primary === 'TRANSFER_OUT' || primary === 'LOAN_PAYMENTS'))
    ) {
      continue;
    }
    const names = [row.name, ...row.alternatives].filter((name) => !isBareAcronym(name));
    const category =
      row.countries.length > 0 && row.tag !== '' && SIDE_LINES.test(row.tag) && !names.some(isTradeName)
        ? ''
        : row.category;
    if (category !== '') {
      add('brand', category, row.countries, names, row.tag);
    }
  }
  for (const row of loadWords()) {
    if (RAIL_PRIMARIES.has(categoryBySlug(row.category)?.pfcPrimary ?? '')) {
      continue;
    }
    add('word', row.category, row.language === 'fr' ? ['FR', 'BE', 'CH', 'CA', 'LU'] : [], [row.word]);
  }
  return entries;
};
