import { pointsOf } from '../domain/kmeans/points.ts';
import { placeRow } from '../domain/place-row.ts';
import { seededRandom } from '../domain/seeded-random.ts';
import type { SegmentModel } from '../domain/segment-model.ts';
import { segmentSums } from '../domain/spending/segment-spending.ts';
import type { SegmentSpending } from '../domain/spending/segment-spending.ts';
import { spendingRow, spendingScale, spendingSpecs } from '../domain/spending/spending-row.ts';
import type { SpendingProfile } from '../domain/spending/spending-profile.ts';
import type { SpendingStore } from '../store/spending-store.ts';
import { scaleOf } from './assign-segments.ts';
import type { TrainingRows } from './train-models.ts';

/** More users make a training longer and not better; which ones is left to chance. */
const MOST_USERS = 100_000;
const PAGE = 2_000;

/** A uniform sample of a stream of unknown length (Vitter's algorithm R), so that memory stays bounded. */
const sampleProfiles = async (spending: SpendingStore, signal: AbortSignal): Promise<SpendingProfile[]> => {
  const random = seededRandom(1);
  const kept: SpendingProfile[] = [];
  let seen = 0;
  for await (const page of spending.pages(PAGE)) {
    signal.throwIfAborted();
    for (const profile of page) {
      seen += 1;
      if (kept.length < MOST_USERS) {
        kept.push(profile);
        continue;
      }
      const place = random.integer(seen);
      if (place < MOST_USERS) {
        kept[place] = profile;
      }
    }
  }
  return kept;
};

/**
 * Rows of the spending model: the users' profiles, made comparable among themselves.
 * @param spending what users spend
 * @param signal ends the reading
 * @returns undefined when nobody has spent anything
 */
export const readSpendingRows = async (
  spending: SpendingStore,
  signal: AbortSignal,
): Promise<TrainingRows | undefined> => {
  const profiles = await sampleProfiles(spending, signal);
  if (profiles.length === 0) {
    return undefined;
  }
  const scale = spendingScale(profiles);
  const rowsIn = (one: typeof scale) => pointsOf(profiles.map((profile) => spendingRow(profile, one)));
  const sumUp = (model: SegmentModel): Record<string, SegmentSpending> => {
    const sums = new Map(model.personas.map(({ id }) => [id, segmentSums()]));
    for (const profile of profiles) {
      sums.get(placeRow(model, spendingRow(profile, scale)).persona.id)?.add(profile);
    }
    return Object.fromEntries([...sums].map(([id, members]) => [id, members.total()]));
  };
  return {
    specs: spendingSpecs(scale),
    raw: rowsIn(scale),
    rawFor: (version) => rowsIn(scaleOf(version)),
    extras: (model) => ({ spending: sumUp(model), levels: scale.levels }),
  };
};
