import { bookOf } from './book.ts';
import { oneOf, refuses, says, tells, zero, type HeldOutQuestion } from './expect.ts';
import { heldOutPeople } from './held-out-people.ts';

/** The third held-out set: written after the rules had been changed for the second, and asked once before anything else was. */
const NOV = ['2026-11-01', '2026-11-15'] as const;
const OCT = ['2026-10-01', '2026-10-31'] as const;
const SEP = ['2026-09-01', '2026-09-30'] as const;
const AUG = ['2026-08-01', '2026-08-31'] as const;
const JUL = ['2026-07-01', '2026-07-31'] as const;
const JUN = ['2026-06-01', '2026-06-30'] as const;
const APR = ['2026-04-01', '2026-04-30'] as const;
const JAN = ['2026-01-01', '2026-01-31'] as const;
const YEAR = ['2026-01-01', '2026-11-15'] as const;
const LAST_WEEK = ['2026-11-02', '2026-11-08'] as const;

/** @returns the questions, in the order in which they were written */
export function heldOutSet3(): HeldOutQuestion[] {
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

  return [
    says('gb', 'Tell me the amount I paid PureGym in September', 2_499),
    says('gb', 'can u check what deliveroo cost me in august??', gb.out(AUG, ['Deliveroo'])),
    says('gb', 'food shopping bill for june', gb.out(JUN, foodGb)),
    says('gb', 'i reckon i spent loads at amazon in july, how much was it', gb.out(JUL, ['Amazon'])),
    says('gb', 'spending since 1 november', gb.out(NOV)),
    says('gb', 'what was spent the week before last', gb.out(['2026-10-26', '2026-11-01'])),
    says('gb', 'take rent off my October spending, what is left', gb.out(OCT) - 95_000),
    says('gb', 'how much does octopus take each month', 9_500),
    tells('gb', 'number of Waitrose trips in August', number(gb.count(AUG, ['Waitrose']))),
    says('gb', 'priciest Aldi shop in October', gb.largest(OCT, (row) => row.merchant === 'Aldi').minor),
    says(
      'gb',
      ['deliveroo in sept', 'pret?', 'both together?'],
      gb.out(SEP, ['Deliveroo', 'Pret']),
      'follow-up',
    ),
    says('gb', ['total spend in August', 'and excluding rent'], gb.out(AUG) - 95_000, 'follow-up'),
    says(
      'gb',
      'which cost me more in July: greggs or pret',
      [gb.out(JUL, ['Greggs']), gb.out(JUL, ['Pret'])],
      'comparison',
    ),
    zero('gb', "how much have I spent at Nando's this year"),
    refuses('gb', 'what will my rent be next year'),
    refuses('gb', 'can you raise my overdraft limit'),

    says('us', 'how much for groceries in the month of July', us.out(JUL, foodUs)),
    says('us', 'total Lyft charges ytd', us.out(YEAR, ['Lyft'])),
    says('us', 'How much money went out in September?', us.out(SEP)),
    says('us', 'give me starbucks for jan', us.out(JAN, ['Starbucks'])),
    says('us', 'cost of car insurance per month', 11_200),
    says('us', 'did I go to CVS in August and how much did I spend there', us.out(AUG, ['CVS'])),
    tells('us', 'how many trips to trader joes in october', number(us.count(OCT, ["Trader Joe's"]))),
    says(
      'us',
      'Average starbucks purchase in October',
      Math.round(us.out(OCT, ['Starbucks']) / us.count(OCT, ['Starbucks'])),
    ),
    says('us', ['walmart in june', 'july', 'august'], us.out(AUG, ['Walmart']), 'follow-up'),
    says(
      'us',
      'compare doordash in aug and sep',
      [us.out(AUG, ['DoorDash']), us.out(SEP, ['DoorDash'])],
      'comparison',
    ),
    says('us', 'all my spending minus geico and verizon in October', us.out(OCT) - 11_200 - 7_500),
    says('us', 'how much did i make in july after expenses', 390_000 - us.out(JUL)),
    zero('us', 'What did I spend on video games in September?'),
    refuses('us', 'how much did my roommate pay for groceries'),
    refuses('us', 'is it cheaper to lease or buy a car'),

    says('fr', 'combien ça m’a coûté Deliveroo en juillet', fr.out(JUL, ['Deliveroo'])),
    says('fr', 'total des dépenses entre le 5 et le 20 septembre', fr.out(['2026-09-05', '2026-09-20'])),
    says('fr', 'qu’est-ce que je paie à la MAIF chaque mois', 5_410),
    says(
      'fr',
      'dépense moyenne par mois chez Leclerc entre juillet et septembre',
      Math.round(fr.out(['2026-07-01', '2026-09-30'], ['Leclerc']) / 3),
    ),
    says('fr', 'le mois dernier j’ai acheté pour combien chez sephora', fr.out(OCT, ['Sephora'])),
    says('fr', 'courses de la semaine dernière', fr.out(LAST_WEEK, foodFr)),
    tells('fr', 'nombre de trajets SNCF en août', number(fr.count(AUG, ['SNCF']))),
    says(
      'fr',
      ['combien chez Leclerc en septembre ?', 'et le mois suivant ?'],
      fr.out(OCT, ['Leclerc']),
      'follow-up',
    ),
    says('fr', ['mes revenus de septembre', 'et mes dépenses ?'], fr.out(SEP), 'follow-up'),
    says('fr', 'j’ai plus dépensé en juillet ou en août ?', [fr.out(JUL), fr.out(AUG)], 'comparison'),
    says('fr', 'sans compter le loyer, combien en avril', fr.out(APR) - 78_000),
    says(
      'fr',
      'ma plus grosse dépense de septembre à part le loyer',
      fr.largest(SEP, (row) => row.merchant !== 'Agence Dupin').minor,
    ),
    zero('fr', 'combien en essence le mois dernier'),
    refuses('fr', 'est-ce que je devrais acheter un appartement'),
    refuses('fr', 'combien mes voisins dépensent en courses'),

    says('kr', '6월 커피값 얼마 나갔어?', kr.out(JUN, ['투썸플레이스'])),
    says('kr', '롯데마트 올해 총 사용금액', kr.out(YEAR, ['롯데마트'])),
    says('kr', '지난주 총 지출 얼마였어', kr.out(LAST_WEEK)),
    says('kr', '8월 식비 중에 장보기만', kr.out(AUG, foodKr)),
    says('kr', '넷째 말고 7월 배달음식 총액', kr.out(JUL, ['쿠팡이츠'])),
    says('kr', '통신요금 매달 얼마 빠져나가', 49_000),
    tells('kr', '8월에 카페 몇 번 갔어', number(kr.count(AUG, ['투썸플레이스']))),
    says(
      'kr',
      '9월에 제일 비싼 결제 뭐였어 월세 제외',
      kr.largest(SEP, (row) => row.merchant !== '월세').minor,
    ),
    says('kr', ['8월 홈플러스', '9월', '10월은 얼마야'], kr.out(OCT, ['홈플러스']), 'follow-up'),
    says('kr', ['7월 총지출', '거기서 월세 빼면?'], kr.out(JUL) - 550_000, 'follow-up'),
    says(
      'kr',
      '7월이랑 8월 카페 지출 비교',
      [kr.out(JUL, ['투썸플레이스']), kr.out(AUG, ['투썸플레이스'])],
      'comparison',
    ),
    oneOf('kr', '9월부터 10월까지 편의점 합계', [[kr.out(['2026-09-01', '2026-10-31'], ['CU'])]]),
    zero('kr', '지난달 택시비'),
    refuses('kr', '로또 당첨 번호 알려줘'),
    refuses('kr', '동생이 지난달에 얼마 썼는지 알려줘'),
  ];
}
