// Where things lie in the data bucket: the one place that spells a key. The layout is described in docs/architecture.md.
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

export const tokenKey = (tokenId: string): string => `tokens/${tokenId}.json`;

export const targetsPrefix = (searchSpace?: SearchSpaceId): string =>
  searchSpace === undefined ? 'targets/' : `targets/${searchSpace}/`;
export const targetKey = (searchSpace: SearchSpaceId, targetId: string): string =>
  `${targetsPrefix(searchSpace)}${targetId}.json`;

export const profilesPrefix = (searchSpace: SearchSpaceId, targetId: string): string =>
  `profiles/${searchSpace}/${targetId}/`;
export const profileKey = (searchSpace: SearchSpaceId, targetId: string, sha256: string): string =>
  `${profilesPrefix(searchSpace, targetId)}${sha256}.json.gz`;

export const aliasesKey = (searchSpace: SearchSpaceId): string => `predictors/${searchSpace}/aliases.json`;
/** Of a published predictor; `predictions.json` is what its report draws. */
export type PredictorFile = 'predictor.onnx' | 'predictor.json' | 'card.json' | 'predictions.json' | 'report.html';
export const predictorKey = (searchSpace: SearchSpaceId, version: string, file: PredictorFile): string =>
  `predictors/${searchSpace}/${version}/${file}`;

export const adaptationsPrefix = (searchSpace: SearchSpaceId, version: string): string =>
  `adaptations/${searchSpace}/${version}/`;
export const adaptationKey = (searchSpace: SearchSpaceId, version: string, targetId: string): string =>
  `${adaptationsPrefix(searchSpace, version)}${targetId}.json`;

export const devicesPrefix = 'devices/';
export const deviceKey = (deviceId: string): string => `${devicesPrefix}${deviceId}.json`;

export const uploadKey = (uploadId: string): string => `uploads/${uploadId}.json`;
/** One empty object for each upload that a device registered on a day (UTC): counting them is its quota. */
export const uploadQuotaPrefix = (deviceId: string, day: string): string => `upload-quota/${deviceId}/${day}/`;

/** Everything measured on a target: the join of its profiles. */
export const measurementsKey = (searchSpace: SearchSpaceId, targetId: string): string =>
  `measurements/${searchSpace}/${targetId}.json`;

/** In the uploads bucket; all others are in the data bucket. */
export const incomingPrefix = 'incoming/';
export const incomingKey = (deviceId: string, uploadId: string): string =>
  `${incomingPrefix}${deviceId}/${uploadId}.json.gz`;

const incomingForm = /^incoming\/([a-z0-9-]{1,64})\/([0-9a-f]{32})\.json\.gz$/;

/** Undefined for a key that no registered upload has. */
export function parseIncomingKey(key: string): { readonly deviceId: string; readonly uploadId: string } | undefined {
  const match = incomingForm.exec(key);
  return match ? { deviceId: match[1]!, uploadId: match[2]! } : undefined;
}
