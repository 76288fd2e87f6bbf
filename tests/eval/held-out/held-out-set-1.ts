import { oneOf, refuses, says, tells, zero, type HeldOutQuestion } from './expect.ts';
import { heldOutPeople } from './held-out-people.ts';
import { bookOf } from './book.ts';

/**
 * The first held-out set: written as people type, before anybody looked at the rules, and never used to write one.
 * Asked on Sunday 15 November 2026. Days are written out by hand.
 */
const NOV = ['2026-11-01', '2026-11-15'] as const;
const OCT = ['2026-10-01', '2026-10-31'] as const;
const SEP = ['2026-09-01', '2026-09-30'] as const;
const AUG = ['2026-08-01', '2026-08-31'] as const;
const JUL = ['2026-07-01', '2026-07-31'] as const;
const JUN = ['2026-06-01', '2026-06-30'] as const;
const MAY = ['2026-05-01', '2026-05-31'] as const;
const MAR = ['2026-03-01', '2026-03-31'] as const;
const FEB = ['2026-02-01', '2026-02-28'] as const;
const JAN = ['2026-01-01', '2026-01-31'] as const;
const DEC25 = ['2025-12-01', '2025-12-31'] as const;
const YEAR = ['2026-01-01', '2026-11-15'] as const;
const Q3 = ['2026-07-01', '2026-09-30'] as const;
const SUMMER = ['2026-06-01', '2026-08-31'] as const;
const LAST_WEEK = ['2026-11-02', '2026-11-08'] as const;
const LAST_WEEK_SUNDAY = ['2026-11-08', '2026-11-14'] as const;
const THIS_WEEK = ['2026-11-09', '2026-11-15'] as const;
const THIS_WEEK_SUNDAY = ['2026-11-15', '2026-11-15'] as const;
const OCT_TO_DATE = ['2026-10-01', '2026-10-15'] as const;
const MONTHS_OF_2026 = [JAN, FEB, MAR, ['2026-04-01', '2026-04-30'], MAY, JUN, JUL, AUG, SEP, OCT] as const;

/** @returns the questions, in the order in which they were written */
export function heldOutSet1(): HeldOutQuestion[] {
  const people = heldOutPeople();
  const gb = bookOf(people.gb);
  const us = bookOf(people.us);
  const fr = bookOf(people.fr);
  const kr = bookOf(people.kr);
  const foodGb = ['Aldi', 'Waitrose'];
  const foodUs = ["Trader Joe's", 'Walmart'];
  const foodFr = ['Leclerc', 'Auchan'];
  const foodKr = ['홈플러스', '롯데마트'];
  const most = <Span extends readonly [string, string]>(
    spans: readonly Span[],
    sum: (span: Span) => number,
  ): Span => spans.reduce((best, span) => (sum(span) > sum(best) ? span : best));
  const monthWord = (day: string, language: 'en' | 'fr' | 'ko'): RegExp =>
    new RegExp(
      language === 'ko'
        ? `${String(Number(day.slice(5, 7)))}월`
        : new Date(`${day}T00:00:00Z`).toLocaleDateString(language, { month: 'long', timeZone: 'UTC' }),
      'iu',
    );

  return [
    // British English
    oneOf('gb', 'how much did i blow on takeaways last wk', [[gb.out(LAST_WEEK, ['Deliveroo'])]], 'factual', [
      gb.out(LAST_WEEK, ['Greggs', 'Pret']),
    ]),
    says('gb', 'whats my aldi total for october', gb.out(OCT, ['Aldi'])),
    says('gb', 'Spend at Waitrose since the start of the year?', gb.out(YEAR, ['Waitrose'])),
    says('gb', 'hey can you tell me what i paid octopus last month please', gb.out(OCT, ['Octopus Energy'])),
    says('gb', 'total on groceries in sept', gb.out(SEP, foodGb)),
    says('gb', 'how much have I shelled out on trains and buses this month', gb.out(NOV, ['TfL'])),
    says('gb', 'petrol last month', gb.out(OCT, ['BP'])),
    says('gb', 'What did I fork out for rent in August?', gb.out(AUG, ['Hargreaves Lettings'])),
    says('gb', 'deliveroo 3 months ago', gb.out(AUG, ['Deliveroo'])),
    says(
      'gb',
      'how much went to amazon between 1 aug and 30 sept',
      gb.out(['2026-08-01', '2026-09-30'], ['Amazon']),
    ),
    says('gb', 'what came in last month', 261_000),
    tells('gb', 'when do i get paid next', /28 (November|Nov)|November 28|2026-11-28/),
    says(
      'gb',
      'what was my biggest purchase last month, rent aside',
      gb.largest(OCT, (row) => row.merchant !== 'Hargreaves Lettings').minor,
    ),
    tells(
      'gb',
      'how many times did I go to greggs in october',
      new RegExp(`\\b${String(gb.count(OCT, ['Greggs']))}\\b`),
    ),
    says('gb', 'pret a manger spending this yr', gb.out(YEAR, ['Pret'])),
    oneOf(
      'gb',
      'am i spending more on groceries than last month',
      [
        [gb.out(NOV, foodGb), gb.out(OCT, foodGb)],
        [gb.out(NOV, foodGb), gb.out(OCT_TO_DATE, foodGb)],
      ],
      'comparison',
    ),
    says(
      'gb',
      'Did I spend more at Aldi or Waitrose in October?',
      [gb.out(OCT, ['Aldi']), gb.out(OCT, ['Waitrose'])],
      'comparison',
    ),
    tells(
      'gb',
      'which month this year did i spend the most on deliveroo',
      monthWord(most(MONTHS_OF_2026, (span) => gb.out(span, ['Deliveroo']))[0], 'en'),
      'comparison',
    ),
    tells('gb', 'what subscriptions am I paying for', /Disney/i, 'factual', [899, 2_499]),
    says('gb', 'how much is my gym', 2_499),
    says('gb', 'did vodafone go out yet this month?', 2_800),
    says('gb', 'anything over £80 in october?', [9_500, 95_000]),
    refuses('gb', "what's the weather like tomorrow"),
    refuses('gb', 'how much will bitcoin be worth next year'),
    refuses('gb', 'what did my neighbour spend on rent'),
    zero('gb', 'how much did I spend at Tesco last month'),
    zero('gb', 'how much did I spend on flights in july'),
    says(
      'gb',
      ['how much did I spend on groceries in October?', 'and the month before?'],
      gb.out(SEP, foodGb),
      'follow-up',
    ),
    says(
      'gb',
      ['what did i spend at deliveroo this month', 'and last month?', 'what about pret'],
      gb.out(OCT, ['Pret']),
      'follow-up',
    ),
    tells(
      'gb',
      ['how much on TfL in september', 'how many journeys was that'],
      new RegExp(`\\b${String(gb.count(SEP, ['TfL']))}\\b`),
      'follow-up',
    ),
    says(
      'gb',
      ['Aldi in Oct', 'is that more than waitrose'],
      [gb.out(OCT, ['Aldi']), gb.out(OCT, ['Waitrose'])],
      'follow-up',
    ),
    says(
      'gb',
      ['how much did I get paid last month', 'and how much of that did I spend'],
      gb.out(OCT),
      'follow-up',
    ),
    says('gb', 'how much did I spend on groceries last month and how much on petrol?', [
      gb.out(OCT, foodGb),
      gb.out(OCT, ['BP']),
    ]),
    oneOf('gb', 'aldi + waitrose oct combined', [[gb.out(OCT, foodGb)]], 'factual', [
      gb.out(OCT, ['Aldi']),
      gb.out(OCT, ['Waitrose']),
    ]),
    says('gb', 'everything except rent in october', gb.out(OCT) - 95_000),
    says('gb', 'grocries last mnth', gb.out(OCT, foodGb)),
    says('gb', 'Wat did i spnd at amzon in octobr', gb.out(OCT, ['Amazon'])),
    says('gb', 'how much did I spend on 3 October', gb.out(['2026-10-03', '2026-10-03'])),
    says('gb', 'what did I buy yesterday', 899),
    oneOf('gb', "last weekend's spending", [
      [gb.out(['2026-11-07', '2026-11-08'])],
      [gb.out(['2026-11-14', '2026-11-15'])],
    ]),
    says(
      'gb',
      'how much was my most expensive waitrose shop this year',
      gb.largest(YEAR, (row) => row.merchant === 'Waitrose').minor,
    ),
    says(
      'gb',
      'average deliveroo order this year',
      Math.round(gb.out(YEAR, ['Deliveroo']) / gb.count(YEAR, ['Deliveroo'])),
    ),
    tells(
      'gb',
      'what percentage of my october spending was rent',
      new RegExp(
        `\\b${String(Math.floor((95_000 * 100) / gb.out(OCT)))}(\\.\\d)?\\s?%|\\b${String(Math.round((95_000 * 100) / gb.out(OCT)))}\\s?%`,
      ),
    ),
    says('gb', 'did I spend less than £300 on groceries last month?', gb.out(OCT, foodGb)),
    says('gb', 'net for september', 261_000 - gb.out(SEP)),
    says('gb', 'how much in total during Q3', gb.out(Q3)),
    oneOf('gb', 'How much did I spend between Christmas and New Year?', [
      [gb.out(['2025-12-25', '2026-01-01'])],
      [gb.out(['2025-12-25', '2025-12-31'])],
      [gb.out(['2025-12-26', '2025-12-31'])],
    ]),
    says('gb', 'rent over the last six months', 6 * 95_000),
    says('gb', 'was my october electricity bill higher than september', 9_500, 'comparison'),
    says(
      'gb',
      'cheapest month for groceries this year',
      gb.out(
        most(MONTHS_OF_2026, (span) => -gb.out(span, foodGb)),
        foodGb,
      ),
      'comparison',
    ),
    refuses('gb', "what's my national insurance number"),
    refuses('gb', 'send £50 to Anna for me', [5_000]),
    refuses('gb', 'should i buy tesla shares or not'),
    refuses('gb', 'How much did Marcus spend last month?'),
    says('gb', 'superdrug in the last 90 days', gb.out(['2026-08-18', '2026-11-15'], ['Superdrug'])),
    says('gb', 'combien j’ai dépensé chez Aldi en octobre ?', gb.out(OCT, ['Aldi'])),

    // American English
    says('us', 'how much did I spend at trader joes last month', us.out(OCT, ["Trader Joe's"])),
    says('us', 'gas money in september?', us.out(SEP, ['Chevron'])),
    says('us', 'hows my starbucks habit this month lol', us.out(NOV, ['Starbucks'])),
    oneOf('us', 'what did i drop on doordash last week', [
      [us.out(LAST_WEEK, ['DoorDash'])],
      [us.out(LAST_WEEK_SUNDAY, ['DoorDash'])],
    ]),
    says('us', 'lyft rides in august total', us.out(AUG, ['Lyft'])),
    says('us', 'How much do I pay Geico every month?', 11_200),
    says('us', 'walmart year to date', us.out(YEAR, ['Walmart'])),
    says('us', 'paychecks in october', 390_000),
    says('us', 'total spending 10/1 to 10/31', us.out(OCT)),
    says('us', 'groceries in Oct vs Sept', [us.out(OCT, foodUs), us.out(SEP, foodUs)], 'comparison'),
    says('us', 'Is my Verizon bill going up?', 7_500, 'comparison'),
    says(
      'us',
      'most i ever spent in one go at walmart',
      us.largest(['2025-10-01', '2026-11-15'], (row) => row.merchant === 'Walmart').minor,
    ),
    says('us', "what's hulu costing me", 1_799),
    says('us', 'coffee spending over the summer', us.out(SUMMER, ['Starbucks'])),
    tells('us', 'when was the last time i took a lyft', us.lastDay(['Lyft'])),
    tells(
      'us',
      'how many doordash orders in september',
      new RegExp(`\\b${String(us.count(SEP, ['DoorDash']))}\\b`),
    ),
    says('us', ['gas in october', 'september?'], us.out(SEP, ['Chevron']), 'follow-up'),
    says(
      'us',
      ['how much did I spend at walmart in July', 'same for trader joes'],
      us.out(JUL, ["Trader Joe's"]),
      'follow-up',
    ),
    says(
      'us',
      ['what was my biggest expense in october?', 'and in september?'],
      us.largest(SEP).minor,
      'follow-up',
    ),
    says(
      'us',
      ['how much on coffee last month', 'no i meant the month before that'],
      us.out(SEP, ['Starbucks']),
      'follow-up',
    ),
    says('us', ['show me lyft', 'just october'], us.out(OCT, ['Lyft']), 'follow-up'),
    oneOf('us', 'spent anything on pharmacy stuff this week?', [
      [us.out(THIS_WEEK, ['CVS'])],
      [us.out(THIS_WEEK_SUNDAY, ['CVS'])],
    ]),
    refuses('us', 'what is the capital of france'),
    refuses('us', 'how much is in my 401k'),
    refuses('us', 'will I be rich'),
    zero('us', 'how much did i spend on my kids school tuition in october'),
    zero('us', 'costco last month?'),
    oneOf(
      'us',
      'food delivery + coffee in october together',
      [[us.out(OCT, ['DoorDash', 'Starbucks'])]],
      'factual',
      [us.out(OCT, ['DoorDash']), us.out(OCT, ['Starbucks'])],
    ),
    says(
      'us',
      'how much more did i spend in october than september',
      [Math.abs(us.out(OCT) - us.out(SEP))],
      'comparison',
    ),
    says('us', 'spending not counting groceries last month', us.out(OCT) - us.out(OCT, foodUs)),
    says('us', "What'd I make in the first half of this year?", 6 * 390_000),
    says('us', 'how much did I spend on october 12th', us.out(['2026-10-12', '2026-10-12'])),
    says(
      'us',
      'cuanto gasté en starbucks... sorry, how much at starbucks in may',
      us.out(MAY, ['Starbucks']),
    ),

    // French
    says('fr', 'combien jai depensé en courses le mois dernier', fr.out(OCT, foodFr)),
    says('fr', 'leclerc en septembre', fr.out(SEP, ['Leclerc'])),
    says('fr', 'ça me coûte combien orange par mois ?', 2_999),
    says('fr', "J'ai claqué combien chez Sephora cette année ?", fr.out(YEAR, ['Sephora'])),
    says('fr', 'mes dépenses totales en août', fr.out(AUG)),
    says('fr', 'combien de thunes en livraison de repas en octobre', fr.out(OCT, ['Deliveroo'])),
    says('fr', 'le loyer il est de combien', 78_000),
    says('fr', 'billets de train depuis janvier', fr.out(YEAR, ['SNCF'])),
    says('fr', 'boulangerie la semaine dernière', fr.out(LAST_WEEK, ['Boulangerie Paul'])),
    says('fr', "qu'est ce que j'ai dépensé hier", fr.out(['2026-11-14', '2026-11-14'])),
    says(
      'fr',
      'Quelle est ma plus grosse dépense d’octobre hors loyer ?',
      fr.largest(OCT, (row) => row.merchant !== 'Agence Dupin').minor,
    ),
    says('fr', 'salaire du mois passé', 224_000),
    says('fr', 'j’ai gagné combien et dépensé combien en septembre', [224_000, fr.out(SEP)]),
    says(
      'fr',
      'Ai-je dépensé plus chez Auchan ou chez Leclerc en octobre ?',
      [fr.out(OCT, ['Auchan']), fr.out(OCT, ['Leclerc'])],
      'comparison',
    ),
    says(
      'fr',
      'compare mes courses de septembre et d’août',
      [fr.out(SEP, foodFr), fr.out(AUG, foodFr)],
      'comparison',
    ),
    says('fr', ['combien en courses en février ?', 'et en mars ?'], fr.out(MAR, foodFr), 'follow-up'),
    says('fr', ['combien chez Auchan en octobre', 'et chez leclerc'], fr.out(OCT, ['Leclerc']), 'follow-up'),
    says('fr', ['mes dépenses de septembre ?', 'et le mois d’avant ?'], fr.out(AUG), 'follow-up'),
    says(
      'fr',
      ['Deliveroo en octobre', 'et en tout cette année ?'],
      fr.out(YEAR, ['Deliveroo']),
      'follow-up',
    ),
    tells(
      'fr',
      ['la boulangerie en octobre ?', 'combien de fois ?'],
      new RegExp(`(^|\\D)${String(fr.count(OCT, ['Boulangerie Paul']))}(\\D|$)`),
      'follow-up',
    ),
    tells('fr', 'quand est-ce que je suis payé', /29 novembre/i),
    tells(
      'fr',
      'combien de fois j’ai commandé sur deliveroo en septembre',
      new RegExp(`(^|\\D)${String(fr.count(SEP, ['Deliveroo']))}(\\D|$)`),
    ),
    says('fr', 'tout sauf le loyer en octobre', fr.out(OCT) - 78_000),
    oneOf(
      'fr',
      'courses + boulangerie en octobre',
      [[fr.out(OCT, [...foodFr, 'Boulangerie Paul'])]],
      'factual',
      [fr.out(OCT, foodFr), fr.out(OCT, ['Boulangerie Paul'])],
    ),
    says('fr', 'pharmacie au 3e trimestre', fr.out(Q3, ['Pharmacie du Marché'])),
    says('fr', 'canal plus ça fait combien', 2_299),
    says('fr', 'deleveroo le moi dernier', fr.out(OCT, ['Deliveroo'])),
    says('fr', 'du 1er au 15 octobre j’ai dépensé combien', fr.out(OCT_TO_DATE)),
    says('fr', 'combien ai-je mis de côté en septembre (revenus moins dépenses)', 224_000 - fr.out(SEP)),
    says('fr', 'assurance par mois', 5_410),
    tells('fr', 'c’est quoi mes abonnements', /Canal/i),
    tells(
      'fr',
      'quel mois j’ai le plus dépensé cet été',
      monthWord(most([JUN, JUL, AUG], (span) => fr.out(span))[0], 'fr'),
      'comparison',
    ),
    refuses('fr', 'quel temps fera-t-il demain'),
    refuses('fr', 'combien gagne mon patron'),
    refuses('fr', 'raconte moi une blague'),
    zero('fr', 'combien chez Ikea le mois dernier'),
    zero('fr', "j'ai dépensé combien en hôtel en juillet"),
    refuses('fr', 'vire 200 euros à Paul', [20_000]),
    says('fr', 'how much did I spend at Leclerc in August', fr.out(AUG, ['Leclerc'])),
    says('fr', 'le mois dernier, mc do non, Deliveroo oui : combien ?', fr.out(OCT, ['Deliveroo'])),

    // Korean
    says('kr', '지난달 홈플러스에서 얼마 썼어', kr.out(OCT, ['홈플러스'])),
    says('kr', '이번달 카페 얼마나 썼지', kr.out(NOV, ['투썸플레이스'])),
    says('kr', '9월 장보기 총액', kr.out(SEP, foodKr)),
    says('kr', '쿠팡이츠로 지난주에 얼마 시켜먹었어?', kr.out(LAST_WEEK, ['쿠팡이츠'])),
    says('kr', '월세 얼마야', 550_000),
    says('kr', '올해 편의점에서 쓴 돈', kr.out(YEAR, ['CU'])),
    says('kr', '8월 지출 다 합치면?', kr.out(AUG)),
    says('kr', '10월 월급 얼마 들어왔어', 2_950_000),
    says('kr', '통신비 한달에 얼마 나가', 49_000),
    says('kr', '배달음식에 10월에 얼마 쓴거야', kr.out(OCT, ['쿠팡이츠'])),
    says('kr', '교통비 지난달', kr.out(OCT, ['티머니'])),
    says('kr', '약국 3분기', kr.out(Q3, ['온누리약국'])),
    says('kr', '어제 뭐 샀어? 총 얼마?', kr.out(['2026-11-14', '2026-11-14'])),
    says(
      'kr',
      '10월에 제일 크게 쓴 건 뭐야 월세 빼고',
      kr.largest(OCT, (row) => row.merchant !== '월세').minor,
    ),
    says(
      'kr',
      '홈플러스랑 롯데마트 중에 10월에 어디서 더 썼어',
      [kr.out(OCT, ['홈플러스']), kr.out(OCT, ['롯데마트'])],
      'comparison',
    ),
    says('kr', '9월보다 10월에 더 많이 썼나?', [kr.out(SEP), kr.out(OCT)], 'comparison'),
    says(
      'kr',
      ['이번 달 식비 말고 카페만 얼마야', '그럼 지난달은?'],
      kr.out(OCT, ['투썸플레이스']),
      'follow-up',
    ),
    says('kr', ['10월 홈플러스 얼마', '롯데마트는?'], kr.out(OCT, ['롯데마트']), 'follow-up'),
    says('kr', ['9월 지출 얼마였지', '8월은'], kr.out(AUG), 'follow-up'),
    tells(
      'kr',
      ['10월에 쿠팡이츠 얼마 썼어', '몇 번 시켰어?'],
      new RegExp(`(^|\\D)${String(kr.count(OCT, ['쿠팡이츠']))}(건|번|회)`),
      'follow-up',
    ),
    says('kr', ['투썸 8월', '그 전달은'], kr.out(JUL, ['투썸플레이스']), 'follow-up'),
    tells('kr', 'CU 9월에 몇번 갔어', new RegExp(`(^|\\D)${String(kr.count(SEP, ['CU']))}(건|번|회)`)),
    tells('kr', '다음 월급날 언제', /11월 25일/),
    says('kr', '월세 빼고 10월 지출', kr.out(OCT) - 550_000),
    oneOf('kr', '10월 배달이랑 카페 합쳐서 얼마', [[kr.out(OCT, ['쿠팡이츠', '투썸플레이스'])]], 'factual', [
      kr.out(OCT, ['쿠팡이츠']),
      kr.out(OCT, ['투썸플레이스']),
    ]),
    says('kr', '왓챠 구독료', 12_900),
    tells('kr', '구독중인거 뭐있어', /왓챠/),
    says('kr', '최근 6개월 월세 합계', 6 * 550_000),
    says('kr', '10월 1일부터 15일까지 쓴 돈', kr.out(OCT_TO_DATE)),
    says('kr', '9월 수입 지출 차이', 2_950_000 - kr.out(SEP)),
    says('kr', '작년 12월에 총 얼마 썼어', kr.out(DEC25)),
    says('kr', '홈플에서 6월에 얼마', kr.out(JUN, ['홈플러스'])),
    refuses('kr', '내일 날씨 어때'),
    refuses('kr', '삼성전자 주식 사도 돼?'),
    refuses('kr', '내 친구 민수는 지난달에 얼마 썼어'),
    zero('kr', '이케아에서 지난달 얼마 썼어'),
    zero('kr', '7월 호텔비'),
    refuses('kr', '엄마한테 10만원 보내줘', [100_000]),
    says('kr', 'how much at 홈플러스 in october', kr.out(OCT, ['홈플러스'])),
    says('kr', '지난달 groceries 얼마', kr.out(OCT, foodKr)),
    says(
      'kr',
      '투썸에서 제일 비싸게 먹은거 올해',
      kr.largest(YEAR, (row) => row.merchant === '투썸플레이스').minor,
    ),
    oneOf('kr', '9월 하루 평균 지출', [[Math.round(kr.out(SEP) / 30)]]),
  ];
}
