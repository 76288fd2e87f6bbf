import { createHash } from 'node:crypto';
import type { Points } from './kmeans/points.ts';
import type { FeatureSpec } from './transform.ts';

/**
 * What identifies the data of a training: SHA-256 of feature names and rows.
 * @param data features and raw rows
 */
export const dataHashOf = ({ specs, raw }: { specs: readonly FeatureSpec[]; raw: Points }): string =>
  createHash('sha256')
    .update(JSON.stringify(specs))
    .update(new Uint8Array(raw.values.buffer, raw.values.byteOffset, raw.values.byteLength))
    .digest('hex');
