import { oneOf, refuses, says, tells, zero, type HeldOutQuestion } from './expect.ts';
import { heldOutPeople } from './held-out-people.ts';
import { bookOf } from './book.ts';

/** The second held-out set: written after the rules had been changed for the first, and asked once before anything else was. */
const NOV = ['2026-11-01', '2026-11-15'] as const;
const OCT = ['2026-10-01', '2026-10-31'] as const;
const SEP = ['2026-09-01', '2026-09-30'] as const;
const AUG = ['2026-08-01', '2026-08-31'] as const;
const JUL = ['2026-07-01', '2026-07-31'] as const;
const JUN = ['2026-06-01', '2026-06-30'] as const;
const MAY = ['2026-05-01', '2026-05-31'] as const;
const APR = ['2026-04-01', '2026-04-30'] as const;
const MAR = ['2026-03-01', '2026-03-31'] as const;
const FEB = ['2026-02-01', '2026-02-28'] as const;
const JAN = ['2026-01-01', '2026-01-31'] as const;
const NOV25 = ['2025-11-01', '2025-11-30'] as const;
const DEC25 = ['2025-12-01', '2025-12-31'] as const;
const YEAR = ['2026-01-01', '2026-11-15'] as const;
const LAST_WEEK = ['2026-11-02', '2026-11-08'] as const;
const THIS_WEEK = ['2026-11-09', '2026-11-15'] as const;

/** @returns the questions, in the order in which they were written */
export function heldOutSet2(): HeldOutQuestion[] {
  const people = heldOutPeople();
  const gb = bookOf(people.gb);
  const us = bookOf(people.us);
  const fr = bookOf(people.fr);
  const kr = bookOf(people.kr);
  const foodGb = ['Aldi', 'Waitrose'];
  const foodUs = ["Trader Joe's", 'Walmart'];
  const foodFr = ['Leclerc', 'Auchan'];
  const foodKr = ['홈플러스', '롯데마트'];
  const number = (count: number): RegExp => new RegExp(`(^|[^\\d.,])${String(count)}([^\\d.,]|$)`);

  const leastMonth = (
    [
      [JAN, 'January'],
      [FEB, 'February'],
      [MAR, 'March'],
      [APR, 'April'],
      [MAY, 'May'],
      [JUN, 'June'],
      [JUL, 'July'],
      [AUG, 'August'],
      [SEP, 'September'],
      [OCT, 'October'],
    ] as const
  )
    .map(([span, name]) => ({ name, out: gb.out(span, ['Amazon']) }))
    .reduce((least, month) => (month.out < least.out ? month : least)).name;

  return [
    // British English
    says('gb', 'rough idea what I spent at Greggs in June?', gb.out(JUN, ['Greggs'])),
    says('gb', 'my mobile bill, how much is it', 2_800),
    says('gb', 'wots the damage at waitrose this month', gb.out(NOV, ['Waitrose'])),
    says('gb', 'so what did the supermarket shops come to in July', gb.out(JUL, foodGb)),
    says('gb', 'Total outgoings for May please', gb.out(MAY)),
    says('gb', 'amazon since august', gb.out(['2026-08-01', '2026-11-15'], ['Amazon'])),
    says('gb', 'how much have i put in the car petrol wise this year', gb.out(YEAR, ['BP'])),
    says('gb', 'deliveroo november last year', gb.out(NOV25, ['Deliveroo'])),
    says(
      'gb',
      'What was the single biggest thing I bought in September not including rent?',
      gb.largest(SEP, (row) => row.merchant !== 'Hargreaves Lettings').minor,
    ),
    tells('gb', 'how often did I get a deliveroo in July', number(gb.count(JUL, ['Deliveroo']))),
    says('gb', 'is the rent paid this month', 95_000),
    says('gb', 'did my wages come in last month? how much', 261_000),
    says(
      'gb',
      "what's my average monthly spend at aldi been from july to october",
      Math.round(gb.out(['2026-07-01', '2026-10-31'], ['Aldi']) / 4),
    ),
    says(
      'gb',
      'have i spent more at pret this month or last month',
      [gb.out(NOV, ['Pret']), gb.out(OCT, ['Pret'])],
      'comparison',
    ),
    says('gb', 'August vs July overall', [gb.out(AUG), gb.out(JUL)], 'comparison'),
    tells(
      'gb',
      'in which month did I spend the least at amazon this year',
      new RegExp(leastMonth),
      'comparison',
    ),
    says(
      'gb',
      ['bus and tube fares in September', 'October?', 'and so far in November'],
      gb.out(NOV, ['TfL']),
      'follow-up',
    ),
    says(
      'gb',
      ['what did I spend in total last month?', 'how much of that was groceries'],
      gb.out(OCT, foodGb),
      'follow-up',
    ),
    says('gb', ['Show me my Superdrug spending in August', 'and BP?'], gb.out(AUG, ['BP']), 'follow-up'),
    oneOf('gb', 'Greggs and Pret together in September', [[gb.out(SEP, ['Greggs', 'Pret'])]], 'factual', [
      gb.out(SEP, ['Greggs']),
      gb.out(SEP, ['Pret']),
    ]),
    says('gb', 'october spending without rent and without octopus', gb.out(OCT) - 95_000 - 9_500),
    says('gb', 'How much did I spend last Thursday?', gb.out(['2026-11-12', '2026-11-12'])),
    says('gb', 'spend from 10 to 20 september', gb.out(['2026-09-10', '2026-09-20'])),
    zero('gb', 'any spending at John Lewis in October?'),
    refuses('gb', 'how much will i spend next month'),
    refuses('gb', 'what did my sister pay for her gym'),
    refuses('gb', 'cancel my disney subscription'),
    refuses('gb', 'who won the football'),
    refuses('gb', 'how much did I not spend on coffee'),
    says('gb', 'Aldi: Oct? Sept?', [gb.out(OCT, ['Aldi']), gb.out(SEP, ['Aldi'])]),

    // American English
    says('us', 'Walmart spend, October', us.out(OCT, ['Walmart'])),
    says('us', 'how much gas did i buy in july', us.out(JUL, ['Chevron'])),
    says('us', 'whats my total for eating in... i mean groceries, last month', us.out(OCT, foodUs)),
    says(
      'us',
      'How much have I been paid so far this year?',
      us.person.payments
        .filter((row) => row.minor > 0 && row.date >= '2026-01-01')
        .reduce((sum, row) => sum + row.minor, 0),
    ),
    says('us', 'door dash in august', us.out(AUG, ['DoorDash'])),
    says('us', 'starbux last month', us.out(OCT, ['Starbucks'])),
    says('us', 'planet fitness monthly cost?', 1_000),
    says('us', 'what did I spend between 9/15 and 9/30', us.out(['2026-09-15', '2026-09-30'])),
    says(
      'us',
      'Largest Trader Joes receipt in the summer',
      us.largest(['2026-06-01', '2026-08-31'], (row) => row.merchant === "Trader Joe's").minor,
    ),
    tells('us', 'When did I last fill up at Chevron?', us.lastDay(['Chevron'])),
    tells('us', 'how many lyfts have I taken in October', number(us.count(OCT, ['Lyft']))),
    says(
      'us',
      'average amount per lyft ride in 2026',
      Math.round(us.out(YEAR, ['Lyft']) / us.count(YEAR, ['Lyft'])),
    ),
    says(
      'us',
      ['How much was Verizon in September?', 'and Geico?', 'and both in October?'],
      [7_500, 11_200],
      'follow-up',
    ),
    says('us', ['coffee in march', 'what about the month after?'], us.out(APR, ['Starbucks']), 'follow-up'),
    says(
      'us',
      'which did I spend more on in September, doordash or starbucks',
      [us.out(SEP, ['DoorDash']), us.out(SEP, ['Starbucks'])],
      'comparison',
    ),
    says(
      'us',
      'did groceries go up from august to september?',
      [us.out(AUG, foodUs), us.out(SEP, foodUs)],
      'comparison',
    ),
    says('us', 'everything but insurance in Oct', us.out(OCT) - 11_200),
    zero('us', 'How much did I spend at Whole Foods this year?'),
    refuses('us', 'What is my credit score?'),
    refuses('us', 'whats the exchange rate for euros'),
    refuses('us', 'how much does my boss make'),
    refuses('us', 'transfer $200 to savings', [20_000]),
    says('us', 'Net savings for August? income less spending', 390_000 - us.out(AUG)),

    // French
    says('fr', 'on a dépensé combien chez Auchan en mai', fr.out(MAY, ['Auchan'])),
    says('fr', 'Total des courses sur les 3 derniers mois', fr.out(['2026-09-01', '2026-11-15'], foodFr)),
    says('fr', 'mon abonnement Canal+ coûte combien ?', 2_299),
    says('fr', 'depenses sephora 2026', fr.out(YEAR, ['Sephora'])),
    says('fr', 'combien j’ai mis dans le train cet été', fr.out(['2026-06-01', '2026-08-31'], ['SNCF'])),
    says('fr', 'le pain (boulangerie Paul) le mois dernier ?', fr.out(OCT, ['Boulangerie Paul'])),
    says('fr', "j'ai dépensé combien en tout la semaine passée", fr.out(LAST_WEEK)),
    says('fr', 'et mon salaire de septembre, il était de combien ?', 224_000),
    says('fr', 'hors loyer et assurance, mes dépenses d’octobre', fr.out(OCT) - 78_000 - 5_410),
    says(
      'fr',
      'la plus grosse commande Deliveroo de l’année',
      fr.largest(YEAR, (row) => row.merchant === 'Deliveroo').minor,
    ),
    tells('fr', 'combien de passages en boulangerie en août', number(fr.count(AUG, ['Boulangerie Paul']))),
    tells('fr', 'à quand remonte mon dernier achat chez Sephora', fr.lastDay(['Sephora'])),
    says('fr', 'Ai-je plus dépensé en octobre qu’en septembre ?', [fr.out(OCT), fr.out(SEP)], 'comparison'),
    says(
      'fr',
      'leclerc ou auchan, lequel me coûte le plus depuis janvier ?',
      [fr.out(YEAR, ['Leclerc']), fr.out(YEAR, ['Auchan'])],
      'comparison',
    ),
    says(
      'fr',
      ['combien en pharmacie en juin ?', 'et en juillet ?', 'et chez Leclerc ?'],
      fr.out(JUL, ['Leclerc']),
      'follow-up',
    ),
    says('fr', ['mes dépenses d’avril', 'sans le loyer ?'], fr.out(APR) - 78_000, 'follow-up'),
    says(
      'fr',
      ['Deliveroo cette année ?', 'et en moyenne par commande ?'],
      Math.round(fr.out(YEAR, ['Deliveroo']) / fr.count(YEAR, ['Deliveroo'])),
      'follow-up',
    ),
    says('fr', 'combiens jai depenser a auchan en octobre', fr.out(OCT, ['Auchan'])),
    says(
      'fr',
      'Leclerc + Auchan + boulangerie en septembre',
      fr.out(SEP, [...foodFr, 'Boulangerie Paul']),
      'factual',
    ),
    says('fr', 'combien le 12 octobre', fr.out(['2026-10-12', '2026-10-12'])),
    zero('fr', 'des achats chez Zara en septembre ?'),
    refuses('fr', 'combien coûte une baguette à Tokyo'),
    refuses('fr', 'combien vais-je dépenser le mois prochain'),
    refuses('fr', 'et ma copine, elle a dépensé combien'),
    refuses('fr', 'résilie Basic-Fit'),

    // Korean
    says('kr', '5월에 홈플러스 얼마', kr.out(MAY, ['홈플러스'])),
    says('kr', '지지난달 총지출 알려줘', kr.out(SEP)),
    says('kr', '투썸플레이스에 올해 얼마나 갖다줬냐', kr.out(YEAR, ['투썸플레이스'])),
    says('kr', '이번주 편의점 얼마 씀?', kr.out(THIS_WEEK, ['CU'])),
    says('kr', '배달비로 8월에 나간 돈', kr.out(AUG, ['쿠팡이츠'])),
    says('kr', '휴대폰 요금 매달 얼마?', 49_000),
    says('kr', '9월 월급에서 지출 빼면 얼마 남아', 2_950_000 - kr.out(SEP)),
    oneOf('kr', '롯데마트랑 홈플러스 9월 합계', [[kr.out(SEP, foodKr)]], 'factual', [
      kr.out(SEP, ['롯데마트']),
      kr.out(SEP, ['홈플러스']),
    ]),
    says('kr', '월세랑 통신비 제외하고 10월 지출', kr.out(OCT) - 550_000 - 49_000),
    says('kr', '6월 7월 지출 비교해줘', [kr.out(JUN), kr.out(JUL)], 'comparison'),
    says('kr', '작년 12월이랑 올해 1월 중에 언제 더 많이 썼어', [kr.out(DEC25), kr.out(JAN)], 'comparison'),
    tells('kr', '쿠팡이츠 6월 몇건', number(kr.count(JUN, ['쿠팡이츠']))),
    tells('kr', '마지막으로 약국 간 게 언제야', kr.lastDay(['온누리약국'])),
    says('kr', ['2월 카페 얼마 썼어?', '3월은?', '총 지출은?'], kr.out(MAR), 'follow-up'),
    says(
      'kr',
      ['10월 쿠팡이츠 얼마?', '9월이랑 비교하면?'],
      [kr.out(OCT, ['쿠팡이츠']), kr.out(SEP, ['쿠팡이츠'])],
      'follow-up',
    ),
    says('kr', ['지난달 티머니 얼마 나왔어', '그 전달은?'], kr.out(SEP, ['티머니']), 'follow-up'),
    oneOf('kr', '10월 쿠팡이츠 한 번 시킬때 평균 얼마', [
      [Math.round(kr.out(OCT, ['쿠팡이츠']) / kr.count(OCT, ['쿠팡이츠']))],
    ]),
    says('kr', '2월 22일에 뭐에 얼마 썼지', kr.out(['2026-02-22', '2026-02-22'])),
    zero('kr', '스타벅스 지난달 얼마 썼어'),
    refuses('kr', '다음달에 얼마 쓸 것 같아?'),
    refuses('kr', '우리 누나 월급 얼마야'),
    refuses('kr', '비트코인 지금 얼마야'),
    refuses('kr', '점심 뭐 먹지'),
    says('kr', 'feb 편의점 얼마', kr.out(FEB, ['CU'])),
  ];
}
