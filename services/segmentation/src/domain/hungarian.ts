/**
 * Pairs rows with columns so that the sum of weights is largest (Hungarian algorithm with potentials, O(n^3)).
 * @param weights a rectangular table, finite; missing rows or columns count as weight 0
 * @returns for each row its column, or -1 when there are more rows than columns and it was left over
 */
export const bestPairing = (weights: readonly (readonly number[])[]): number[] => {
  const rows = weights.length;
  const columns = weights[0]?.length ?? 0;
  const size = Math.max(rows, columns);
  const cost = (row: number, column: number): number => -(weights[row]?.[column] ?? 0);
  const rowPotential = new Float64Array(size + 1);
  const columnPotential = new Float64Array(size + 1);
  /** Row that has a column, both counted from 1; 0 for none. */
  const holder = new Int32Array(size + 1);
  for (let row = 1; row <= size; row += 1) {
    const slack = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY);
    const from = new Int32Array(size + 1);
    const used = new Uint8Array(size + 1);
    holder[0] = row;
    let column = 0;
    do {
      used[column] = 1;
      const current = holder[column] ?? 0;
      let smallest = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let candidate = 1; candidate <= size; candidate += 1) {
        if (used[candidate] === 1) {
          continue;
        }
        const reduced =
          cost(current - 1, candidate - 1) - (rowPotential[current] ?? 0) - (columnPotential[candidate] ?? 0);
        if (reduced < (slack[candidate] ?? 0)) {
          slack[candidate] = reduced;
          from[candidate] = column;
        }
        if ((slack[candidate] ?? 0) < smallest) {
          smallest = slack[candidate] ?? 0;
          next = candidate;
        }
      }
      for (let candidate = 0; candidate <= size; candidate += 1) {
        if (used[candidate] === 1) {
          const held = holder[candidate] ?? 0;
          rowPotential[held] = (rowPotential[held] ?? 0) + smallest;
          columnPotential[candidate] = (columnPotential[candidate] ?? 0) - smallest;
        } else {
          slack[candidate] = (slack[candidate] ?? 0) - smallest;
        }
      }
      column = next;
    } while (holder[column] !== 0);
    while (column !== 0) {
      const previous = from[column] ?? 0;
      holder[column] = holder[previous] ?? 0;
      column = previous;
    }
  }
  const paired = Array.from({ length: rows }, () => -1);
  for (let column = 1; column <= columns; column += 1) {
    const row = (holder[column] ?? 0) - 1;
    if (row >= 0 && row < rows) {
      paired[row] = column - 1;
    }
  }
  return paired;
};
