import { assembleModule, op, TYPE } from './assemble-wasm.ts';
import type { Code, ValueType } from './assemble-wasm.ts';
import { webAssembly } from './web-assembly.ts';

/**
 * The two inner loops of k-means in WebAssembly SIMD, made for one even number of columns so that the loop over columns
 * is unrolled. Rows are 16-byte multiples: two columns fill one vector, two clusters are compared in one step.
 */
export interface KernelExports {
  /**
   * Finds the nearest centroid of each row and sums up the rows of each cluster. All arguments are addresses but the
   * numbers of rows and of cluster pairs; an odd cluster is paired with one that is far from everything.
   * @returns the sum of squared distances to the nearest centroids
   */
  assign(
    rows: number,
    pairs: number,
    points: number,
    centroids: number,
    labels: number,
    sums: number,
    counts: number,
  ): number;
  /**
   * Squared distance of each row to a candidate, or the one known so far when that is smaller.
   * @returns the sum of what was written
   */
  narrow(rows: number, points: number, candidate: number, closest: number, narrowed: number): number;
}

const VECTOR = 16;

/** Numbers local variables in the order they are declared. */
class Locals {
  readonly types: ValueType[] = [];
  readonly #parameters: number;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  declare(type: ValueType): number {
    this.types.push(type);
    return this.#parameters + this.types.length - 1;
  }

  declareMany(count: number, type: ValueType): number[] {
    return Array.from({ length: count }, () => this.declare(type));
  }
}

const advance = (local: number, by: number): Code => [
  ...op.get(local),
  ...op.i32(by),
  ...op.i32Add,
  ...op.set(local),
];

/** Leaves the squared differences of the row in `row` and the vector at `address + offset`, summed lane by lane. */
const squares = (row: readonly number[], address: number, offset: number, difference: number): Code =>
  row.flatMap((local, index) => [
    ...op.get(local),
    ...op.get(address),
    ...op.vLoad(offset + index * VECTOR),
    ...op.vSubtract,
    ...op.tee(difference),
    ...op.get(difference),
    ...op.vMultiply,
    ...(index === 0 ? [] : op.vAdd),
  ]);

const assignFunction = (columns: number) => {
  const [rows, pairs, points, centroids, labels, sums, counts] = [0, 1, 2, 3, 4, 5, 6] as const;
  const vectors = columns / 2;
  const stride = vectors * VECTOR;
  const locals = new Locals(7);
  const row = locals.declareMany(vectors, TYPE.v128);
  const [first, second, difference, best, bestIndex, index, distances] = locals.declareMany(7, TYPE.v128) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [lower, upper, inertia] = locals.declareMany(3, TYPE.f64) as [number, number, number];
  const [done, pair, centroid, label, sum, takesUpper] = locals.declareMany(6, TYPE.i32) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];

  const comparePair: Code = [
    ...squares(row, centroid, 0, difference),
    ...op.set(first),
    ...squares(row, centroid, stride, difference),
    ...op.set(second),
    // (first of A, first of B) + (second of A, second of B): both distances in one vector.
    ...op.get(first),
    ...op.get(second),
    ...op.vShuffle(0, 2),
    ...op.get(first),
    ...op.get(second),
    ...op.vShuffle(1, 3),
    ...op.vAdd,
    ...op.set(distances),
    ...op.get(index),
    ...op.get(bestIndex),
    ...op.get(distances),
    ...op.get(best),
    ...op.vLess,
    ...op.vBitselect,
    ...op.set(bestIndex),
    ...op.get(best),
    ...op.get(distances),
    ...op.vPseudoMin,
    ...op.set(best),
    ...op.get(index),
    ...op.vI64(2, 2),
    ...op.vAddI64,
    ...op.set(index),
    ...advance(centroid, 2 * stride),
    ...op.get(pair),
    ...op.i32(1),
    ...op.i32Add,
    ...op.tee(pair),
    ...op.get(pairs),
    ...op.i32LessUnsigned,
  ];

  const laneLabel = (lane: 0 | 1): Code => [...op.get(bestIndex), ...op.vI64Lane(lane), ...op.i32WrapI64];
  const perRow: Code = [
    ...row.flatMap((local, at) => [...op.get(points), ...op.vLoad(at * VECTOR), ...op.set(local)]),
    ...op.f64(Number.POSITIVE_INFINITY),
    ...op.vSplat,
    ...op.set(best),
    ...op.vI64(0, 1),
    ...op.tee(index),
    ...op.set(bestIndex),
    ...op.i32(0),
    ...op.set(pair),
    ...op.get(centroids),
    ...op.set(centroid),
    ...op.loop(comparePair),
    ...op.get(best),
    ...op.vF64Lane(0),
    ...op.set(lower),
    ...op.get(best),
    ...op.vF64Lane(1),
    ...op.set(upper),
    // The upper lane wins when it is nearer, or as near with the lower number: the rule of a plain loop.
    ...op.get(upper),
    ...op.get(lower),
    ...op.f64Less,
    ...op.get(upper),
    ...op.get(lower),
    ...op.f64Equal,
    ...laneLabel(1),
    ...laneLabel(0),
    ...op.i32LessUnsigned,
    ...op.i32And,
    ...op.i32Or,
    ...op.set(takesUpper),
    ...laneLabel(1),
    ...laneLabel(0),
    ...op.get(takesUpper),
    ...op.select,
    ...op.set(label),
    ...op.get(inertia),
    ...op.get(upper),
    ...op.get(lower),
    ...op.f64Min,
    ...op.f64Add,
    ...op.set(inertia),
    ...op.get(labels),
    ...op.get(label),
    ...op.i32Store(),
    ...op.get(counts),
    ...op.get(label),
    ...op.i32(4),
    ...op.i32Mul,
    ...op.i32Add,
    ...op.tee(sum),
    ...op.get(sum),
    ...op.i32Load(),
    ...op.i32(1),
    ...op.i32Add,
    ...op.i32Store(),
    ...op.get(sums),
    ...op.get(label),
    ...op.i32(stride),
    ...op.i32Mul,
    ...op.i32Add,
    ...op.set(sum),
    ...row.flatMap((local, at) => [
      ...op.get(sum),
      ...op.get(sum),
      ...op.vLoad(at * VECTOR),
      ...op.get(local),
      ...op.vAdd,
      ...op.vStore(at * VECTOR),
    ]),
    ...advance(points, stride),
    ...advance(labels, 4),
    ...op.get(done),
    ...op.i32(1),
    ...op.i32Add,
    ...op.tee(done),
    ...op.get(rows),
    ...op.i32LessUnsigned,
  ];
  return {
    name: 'assign',
    parameters: Array.from({ length: 7 }, () => TYPE.i32),
    result: TYPE.f64,
    locals: locals.types,
    body: [...op.loop(perRow), ...op.get(inertia)],
  };
};

const narrowFunction = (columns: number) => {
  const [rows, points, candidate, closest, narrowed] = [0, 1, 2, 3, 4] as const;
  const vectors = columns / 2;
  const locals = new Locals(5);
  const row = locals.declareMany(vectors, TYPE.v128);
  const [difference, squared] = locals.declareMany(2, TYPE.v128) as [number, number];
  const [distance, sum] = locals.declareMany(2, TYPE.f64) as [number, number];
  const done = locals.declare(TYPE.i32);
  const perRow: Code = [
    ...row.flatMap((local, at) => [...op.get(points), ...op.vLoad(at * VECTOR), ...op.set(local)]),
    ...squares(row, candidate, 0, difference),
    ...op.tee(squared),
    ...op.vF64Lane(0),
    ...op.get(squared),
    ...op.vF64Lane(1),
    ...op.f64Add,
    ...op.get(closest),
    ...op.f64Load(),
    ...op.f64Min,
    ...op.set(distance),
    ...op.get(narrowed),
    ...op.get(distance),
    ...op.f64Store(),
    ...op.get(sum),
    ...op.get(distance),
    ...op.f64Add,
    ...op.set(sum),
    ...advance(points, vectors * VECTOR),
    ...advance(closest, 8),
    ...advance(narrowed, 8),
    ...op.get(done),
    ...op.i32(1),
    ...op.i32Add,
    ...op.tee(done),
    ...op.get(rows),
    ...op.i32LessUnsigned,
  ];
  return {
    name: 'narrow',
    parameters: Array.from({ length: 5 }, () => TYPE.i32),
    result: TYPE.f64,
    locals: locals.types,
    body: [...op.loop(perRow), ...op.get(sum)],
  };
};

/**
 * The bytes of the kernel for rows of some columns.
 * @param columns columns of a row, padding included; even
 */
export const kernelBytes = (columns: number): Uint8Array<ArrayBuffer> =>
  assembleModule([assignFunction(columns), narrowFunction(columns)]);

/** Whether this machine runs the kernel: engines refuse SIMD modules on processors without it. */
export const runsWasmSimd = (): boolean => webAssembly.validate(kernelBytes(2));
