/** How many transactions of a batch were decided for the first time; later decisions on the same one do not count. */
export const countNew = (decisions: readonly { decisionVersion: number }[]): number =>
  decisions.filter(({ decisionVersion }) => decisionVersion === 1).length;
