/** Rows of numbers, one after another in one array. */
export interface Points {
  rows: number;
  columns: number;
  /** `rows * columns` values, row by row; finite. */
  values: Float64Array;
}

/**
 * Packs rows of equal length.
 * @param rows the rows; at least one column
 * @throws RangeError when a row has another length than the first, or a value is not finite
 */
export const pointsOf = (rows: readonly (readonly number[])[]): Points => {
  const columns = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * columns);
  for (const [index, row] of rows.entries()) {
    if (row.length !== columns || !row.every(Number.isFinite)) {
      throw new RangeError(`row ${String(index)} is not ${String(columns)} finite numbers`);
    }
    values.set(row, index * columns);
  }
  return { rows: rows.length, columns, values };
};

/**
 * One row, as a view that shares memory with the points.
 * @param points the points
 * @param row its number, from 0
 */
export const rowOf = ({ values, columns }: Points, row: number): Float64Array =>
  values.subarray(row * columns, (row + 1) * columns);

/**
 * A copy of some rows, in the order asked for; a row may be asked for twice.
 * @param points the points
 * @param rows numbers of rows
 */
export const takeRows = (points: Points, rows: ArrayLike<number>): Points => {
  const { columns } = points;
  const values = new Float64Array(rows.length * columns);
  for (let index = 0; index < rows.length; index += 1) {
    values.set(rowOf(points, rows[index] ?? 0), index * columns);
  }
  return { rows: rows.length, columns, values };
};

/**
 * Squared Euclidean distance of two vectors of equal length.
 * @param left one vector
 * @param right the other
 */
export const squaredDistance = (left: ArrayLike<number>, right: ArrayLike<number>): number => {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    sum += difference * difference;
  }
  return sum;
};
