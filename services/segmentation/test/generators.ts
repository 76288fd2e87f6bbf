import { seededRandom } from '../src/domain/seeded-random.ts';

/** Rows with the group that each was made in. */
export interface LabelledRows {
  rows: number[][];
  groups: number[];
}

/**
 * Incomes and scores of 200 visitors in five groups, as in the well-known mall data: four corners and a middle.
 * @param seed decides the rows
 */
export const mallVisitors = (seed: number): LabelledRows => {
  const random = seededRandom(seed);
  const centres = [
    [26, 21, 23],
    [26, 79, 22],
    [55, 50, 81],
    [87, 82, 39],
    [88, 17, 35],
  ] as const;
  const made = centres.flatMap(([income, score, count], group) =>
    Array.from({ length: count }, () => ({
      group,
      row: [
        Math.max(15, income + random.normal() * (group === 2 ? 8 : 9)),
        Math.min(99, Math.max(1, score + random.normal() * (group === 2 ? 6 : 9))),
      ],
    })),
  );
  return { rows: made.map(({ row }) => row), groups: made.map(({ group }) => group) };
};

/**
 * Yearly spending of wholesale customers on six kinds of goods, from two channels: hotels and cafés buy fresh and
 * frozen goods, shops buy groceries and detergents. Amounts are log-normal, so a few customers are huge.
 * @param seed decides the rows
 */
export const wholesaleCustomers = (seed: number): LabelledRows => {
  const random = seededRandom(seed);
  // Means of the logarithms of fresh, milk, grocery, frozen, detergents, delicatessen.
  const channels = [
    { share: 298, means: [8.9, 7.7, 7.9, 7.6, 5.6, 6.7] },
    { share: 142, means: [8.2, 9.1, 9.5, 6.8, 8.5, 7.1] },
  ];
  const made = channels.flatMap(({ share, means }, group) =>
    Array.from({ length: share }, () => {
      const size = random.normal() * 0.5;
      return { group, row: means.map((mean) => Math.exp(mean + size + random.normal())) };
    }),
  );
  return { rows: made.map(({ row }) => row), groups: made.map(({ group }) => group) };
};
