import { refuses, says, tells, zero, type HeldOutQuestion } from './expect.ts';
import {
  OCT,
  SEP,
  AUG,
  JUL,
  JUN,
  MAY,
  MAR,
  YEAR,
  FOOD_GB,
  FOOD_US,
  FOOD_FR,
  FOOD_KR,
  heldOutBooks,
  number,
} from './held-out-facts.ts';

/** The fourth held-out set: written after the rules had been changed for the third, and asked once before anything else was. */

/** @returns the questions, in the order in which they were written */
export function heldOutSet4(): HeldOutQuestion[] {
  const { gb, us, fr, kr } = heldOutBooks();

  return [
    says('gb', 'Morning! Quick one: waitrose in September?', gb.out(SEP, ['Waitrose'])),
    says(
      'gb',
      'how much dosh have I given Amazon since Easter, well, since April',
      gb.out(['2026-04-01', '2026-11-15'], ['Amazon']),
    ),
    says('gb', 'groceries, last 2 weeks', gb.out(['2026-11-02', '2026-11-15'], FOOD_GB)),
    says(
      'gb',
      'could you work out my entire spend across june and july',
      gb.out(['2026-06-01', '2026-07-31']),
    ),
    says('gb', 'Petrol: how much in Q2?', gb.out(['2026-04-01', '2026-06-30'], ['BP'])),
    says(
      'gb',
      'my biggest deliveroo ever',
      gb.largest(['2025-10-01', '2026-11-15'], (row) => row.merchant === 'Deliveroo').minor,
    ),
    says(
      'gb',
      ['what did I spend at Greggs in March', 'how about May'],
      gb.out(MAY, ['Greggs']),
      'follow-up',
    ),
    says(
      'gb',
      'did aldi cost more in august or september',
      [gb.out(AUG, ['Aldi']), gb.out(SEP, ['Aldi'])],
      'comparison',
    ),
    tells('gb', 'how many times have I been to Superdrug this year', number(gb.count(YEAR, ['Superdrug']))),
    zero('gb', 'What have I paid Sky this year?'),
    refuses('gb', "what's my partner's salary"),
    refuses('gb', 'are you a real person'),

    says('us', 'How much did DoorDash set me back in June?', us.out(JUN, ['DoorDash'])),
    says('us', 'spent on food at the store in May (groceries)', us.out(MAY, FOOD_US)),
    says('us', 'chevron total march', us.out(MAR, ['Chevron'])),
    says('us', 'show me what I spent on Lyft in July', us.out(JUL, ['Lyft'])),
    says(
      'us',
      'October spending besides groceries and gas',
      us.out(OCT) - us.out(OCT, [...FOOD_US, 'Chevron']),
    ),
    says('us', ['How much did I spend in August?', 'And how much did I earn?'], 390_000, 'follow-up'),
    says('us', 'Was September more expensive than August?', [us.out(SEP), us.out(AUG)], 'comparison'),
    tells('us', 'Last time I went to CVS?', us.lastDay(['CVS'])),
    zero('us', 'how much have I spent on dentists in 2026'),
    refuses('us', 'how many steps did I walk today'),
    refuses('us', 'what was the average person’s grocery bill in October'),

    says('fr', 'Combien j’ai filé à Deliveroo en septembre ?', fr.out(SEP, ['Deliveroo'])),
    says('fr', 'total courses juin juillet', fr.out(['2026-06-01', '2026-07-31'], FOOD_FR)),
    says('fr', 'le train, ça m’a coûté combien en août', fr.out(AUG, ['SNCF'])),
    says('fr', 'dépenses du mois d’octobre sans les courses', fr.out(OCT) - fr.out(OCT, FOOD_FR)),
    says('fr', 'j’ai reçu combien de salaire en août', 224_000),
    says('fr', ['Auchan en juin ?', 'et le mois d’après ?'], fr.out(JUL, ['Auchan']), 'follow-up'),
    says(
      'fr',
      'entre Auchan et Leclerc en août, où est-ce que je dépense le plus ?',
      [fr.out(AUG, ['Auchan']), fr.out(AUG, ['Leclerc'])],
      'comparison',
    ),
    tells('fr', 'combien de fois chez Leclerc en octobre', number(fr.count(OCT, ['Leclerc']))),
    zero('fr', 'et chez Fnac en septembre j’ai dépensé combien'),
    refuses('fr', 'quel est le cours du bitcoin'),

    says('kr', '6월에 장보는데 얼마 들었어?', kr.out(JUN, FOOD_KR)),
    says('kr', '홈플러스 3월 지출액', kr.out(MAR, ['홈플러스'])),
    says('kr', '올해 쿠팡이츠에 쓴 돈 총합', kr.out(YEAR, ['쿠팡이츠'])),
    says('kr', '7월 커피랑 편의점 얼마씩 썼어', [kr.out(JUL, ['투썸플레이스']), kr.out(JUL, ['CU'])]),
    says('kr', ['9월 배달 얼마 시켰어', '8월에는?'], kr.out(AUG, ['쿠팡이츠']), 'follow-up'),
    says('kr', '8월 지출이 9월보다 많아?', [kr.out(AUG), kr.out(SEP)], 'comparison'),
    tells('kr', '홈플러스 10월에 몇 번 갔지', number(kr.count(OCT, ['홈플러스']))),
    zero('kr', '넷플릭스 지난달 얼마 냈어'),
    refuses('kr', '환율 알려줘'),
  ];
}
