import { describe, expect, it } from '@jest/globals';
import { candidateKs, chooseK, leastClusterSize } from './choose-k.ts';
import type { CurvePoint } from './choose-k.ts';

const point = (k: number, silhouette: number, stability = 0.9, smallestShare = 0.1): CurvePoint => ({
  k,
  inertia: 100 / k,
  silhouette,
  stability,
  smallestShare,
});

describe('choosing the number of clusters', () => {
  it('takes the best silhouette, and of those about as good the smallest number', () => {
    expect(chooseK([point(2, 0.3), point(3, 0.52), point(4, 0.53), point(5, 0.4)], 5_000)).toMatchObject({
      k: 3,
      structure: 'clear',
    });
  });

  it('passes over a better silhouette that is unstable or splits off a few rows', () => {
    const curve = [point(2, 0.6, 0.9, 0.01), point(3, 0.58, 0.4), point(4, 0.45)];

    expect(chooseK(curve, 5_000)).toMatchObject({ k: 4, structure: 'clear' });
  });

  it('says weak, and takes the most stable of the best, when nothing is stable and well apart', () => {
    const curve = [point(2, 0.19, 0.76), point(7, 0.21, 0.55), point(8, 0.22, 0.85), point(9, 0.22, 0.6)];

    expect(chooseK(curve, 5_000)).toMatchObject({ k: 8, structure: 'weak' });
  });

  it('tries no more clusters than small data can bear', () => {
    expect(candidateKs(1)).toEqual([1]);
    expect(candidateKs(2)).toEqual([1]);
    expect(candidateKs(3)).toEqual([2]);
    expect(candidateKs(5)).toEqual([2]);
    expect(candidateKs(50)).toEqual([2, 3, 4, 5]);
    expect(candidateKs(5_000)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(leastClusterSize(200)).toBe(10);
    expect(leastClusterSize(1_500)).toBe(30);
    expect(leastClusterSize(10_000)).toBe(200);
  });
});
