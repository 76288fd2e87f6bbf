import type { Points } from '../domain/kmeans/points.ts';
import { placeRow } from '../domain/place-row.ts';
import type { SegmentModel } from '../domain/segment-model.ts';
import { segmentSums } from '../domain/spending/segment-spending.ts';
import { spendingRow, spendingSpecs, startScale } from '../domain/spending/spending-row.ts';
import type { SpendingScale } from '../domain/spending/spending-row.ts';
import type { SpendingProfile } from '../domain/spending/spending-profile.ts';
import type { ModelVersion } from '../store/model-store.ts';
import type { SpendingStore } from '../store/spending-store.ts';
import { scaleOf } from './assign-segments.ts';
import type { TrainingRows } from './train-models.ts';

/** More users make a training longer and not better. */
const MOST_USERS = 100_000;
/** Small enough that a page holds up no other request. */
const PAGE = 500;
const HASH_RANGE = 2 ** 32;

/** FNV-1a, which spreads ids evenly: the same users are chosen in every pass. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
};

/**
 * Rows of the spending model: the users' profiles, made comparable among themselves. Profiles are read in passes and
 * pages, so that neither memory nor the serving loop feels how many there are.
 * @param spending what users spend
 * @param signal ends the reading
 * @returns undefined when nobody has spent anything
 */
export const readSpendingRows = async (
  spending: SpendingStore,
  signal: AbortSignal,
): Promise<TrainingRows | undefined> => {
  const share = Math.min(1, MOST_USERS / Math.max(1, await spending.count()));
  const isChosen = ({ userId }: SpendingProfile): boolean => hashOf(userId) < share * HASH_RANGE;

  async function* chosen(): AsyncGenerator<SpendingProfile[]> {
    for await (const page of spending.pages(PAGE)) {
      signal.throwIfAborted();
      yield page.filter(isChosen);
    }
  }

  const rowsIn = async (scale: SpendingScale): Promise<Points> => {
    const columns = spendingSpecs(scale).length;
    const pages: Float64Array[] = [];
    for await (const profiles of chosen()) {
      pages.push(Float64Array.from(profiles.flatMap((profile) => spendingRow(profile, scale))));
    }
    const values = new Float64Array(pages.reduce((sum, page) => sum + page.length, 0));
    let at = 0;
    for (const page of pages) {
      values.set(page, at);
      at += page.length;
    }
    return { rows: values.length / columns, columns, values };
  };

  const sumUp = async (
    model: SegmentModel,
    scale: SpendingScale,
  ): Promise<NonNullable<ModelVersion['spending']>> => {
    const sums = new Map(model.personas.map(({ id }) => [id, segmentSums()]));
    for await (const profiles of chosen()) {
      for (const profile of profiles) {
        sums.get(placeRow(model, spendingRow(profile, scale)).persona.id)?.add(profile);
      }
    }
    return Object.fromEntries([...sums].map(([id, members]) => [id, members.total()]));
  };

  const builder = startScale();
  for await (const profiles of chosen()) {
    profiles.forEach((profile) => builder.add(profile));
  }
  const scale = builder.finish();
  const raw = await rowsIn(scale);
  return raw.rows === 0
    ? undefined
    : {
        specs: spendingSpecs(scale),
        raw,
        rawFor: (version) => rowsIn(scaleOf(version)),
        extras: async (model) => ({ spending: await sumUp(model, scale), levels: scale.levels }),
      };
};
