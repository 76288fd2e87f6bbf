/** A closed interval that a parameter must stay in. */
export interface Bound {
  low: number;
  high: number;
}

const clamp = (value: number, { low, high }: Bound): number => Math.min(high, Math.max(low, value));

/**
 * Minimises a function of one variable on an interval by golden-section search after a coarse grid, so that a second
 * valley is not missed (Brent, Algorithms for Minimization without Derivatives, ch. 5).
 * @param cost function to minimise
 * @param bound interval
 * @param gridPoints points of the coarse grid, at least 3
 * @returns the best argument found
 */
export const minimiseScalar = (cost: (argument: number) => number, bound: Bound, gridPoints = 12): number => {
  const step = (bound.high - bound.low) / (gridPoints - 1);
  let best = bound.low;
  let bestCost = Infinity;
  for (let index = 0; index < gridPoints; index += 1) {
    const argument = bound.low + index * step;
    const value = cost(argument);
    if (value < bestCost) {
      best = argument;
      bestCost = value;
    }
  }
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.max(bound.low, best - step);
  let high = Math.min(bound.high, best + step);
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let leftCost = cost(left);
  let rightCost = cost(right);
  for (let round = 0; round < 18; round += 1) {
    if (leftCost < rightCost) {
      high = right;
      right = left;
      rightCost = leftCost;
      left = high - ratio * (high - low);
      leftCost = cost(left);
    } else {
      low = left;
      left = right;
      leftCost = rightCost;
      right = low + ratio * (high - low);
      rightCost = cost(right);
    }
  }
  const middle = (low + high) / 2;
  return cost(middle) < bestCost ? middle : best;
};

interface Vertex {
  point: number[];
  cost: number;
}

/**
 * Minimises a function of a few variables in a box by the simplex method of Nelder and Mead (1965), points outside the
 * box being moved to its edge. Deterministic.
 * @param cost function to minimise; it may return Infinity
 * @param start first guess
 * @param bounds one per variable
 * @param maxEvaluations calls of `cost`
 * @returns the best point found
 */
export const minimise = (
  cost: (point: readonly number[]) => number,
  start: readonly number[],
  bounds: readonly Bound[],
  maxEvaluations: number,
): number[] => {
  let evaluations = 0;
  const vertexAt = (raw: readonly number[]): Vertex => {
    const point = raw.map((value, index) => clamp(value, bounds[index] ?? { low: value, high: value }));
    evaluations += 1;
    const value = cost(point);
    return { point, cost: Number.isNaN(value) ? Infinity : value };
  };
  const simplex = [vertexAt(start)];
  for (let index = 0; index < start.length; index += 1) {
    const bound = bounds[index] ?? { low: 0, high: 1 };
    const reach = 0.15 * (bound.high - bound.low);
    const point = [...start];
    const value = point[index] ?? 0;
    point[index] = value + reach > bound.high ? value - reach : value + reach;
    simplex.push(vertexAt(point));
  }
  const byCost = (left: Vertex, right: Vertex): number => left.cost - right.cost;
  simplex.sort(byCost);

  while (evaluations < maxEvaluations) {
    const best = simplex[0];
    const worst = simplex.at(-1);
    const secondWorst = simplex.at(-2);
    if (best === undefined || worst === undefined || secondWorst === undefined) {
      break;
    }
    if (Math.abs(worst.cost - best.cost) <= 1e-8 * (Math.abs(best.cost) + 1e-12)) {
      break;
    }
    const others = simplex.slice(0, -1);
    const centre = start.map(
      (_value, index) => others.reduce((sum, { point }) => sum + (point[index] ?? 0), 0) / others.length,
    );
    const along = (factor: number): Vertex =>
      vertexAt(centre.map((value, index) => value + factor * (value - (worst.point[index] ?? 0))));
    const reflected = along(1);
    if (reflected.cost < best.cost) {
      const expanded = along(2);
      simplex[simplex.length - 1] = expanded.cost < reflected.cost ? expanded : reflected;
    } else if (reflected.cost < secondWorst.cost) {
      simplex[simplex.length - 1] = reflected;
    } else {
      const contracted = along(reflected.cost < worst.cost ? 0.5 : -0.5);
      if (contracted.cost < Math.min(reflected.cost, worst.cost)) {
        simplex[simplex.length - 1] = contracted;
      } else {
        for (let index = 1; index < simplex.length; index += 1) {
          const { point } = simplex[index] ?? best;
          simplex[index] = vertexAt(point.map((value, axis) => ((best.point[axis] ?? 0) + value) / 2));
        }
      }
    }
    simplex.sort(byCost);
  }
  return simplex[0]?.point ?? [...start];
};
