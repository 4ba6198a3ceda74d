// Where targets lie in the data bucket: the record of each, the profiles that were accepted, everything measured on it,
// the graphs of models that were measured, and its adaptation under each version of a predictor.
import * as z from 'zod';

/** A target's id: part of keys and of URLs. */
export const targetIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, '1 to 128 letters, digits, dots, underscores and hyphens');

export const targetsPrefix = 'targets/';
/** Key of a target's record. */
export const targetKey = (targetId: string): string => `${targetsPrefix}${targetId}.json`;

export const measurementsPrefix = 'measurements/';
/** Everything measured on a target: the join of its profiles. */
export const measurementsKey = (targetId: string): string => `${measurementsPrefix}${targetId}.json`;

/** Key of an accepted profile, by the hash of its bytes. */
export const profileKey = (targetId: string, sha256: string): string => `profiles/${targetId}/${sha256}.json.gz`;

export const graphsPrefix = 'graphs/';
/** Key of an operator graph that devices have measured, by its hash. */
export const graphKey = (hash: string): string => `${graphsPrefix}${hash}.json`;

export const allAdaptationsPrefix = 'adaptations/';
/** Prefix of the adaptations to one version of a predictor. */
export const adaptationsPrefix = (version: string): string => `${allAdaptationsPrefix}${version}/`;
/** Key of a target's adaptation to one version of a predictor. */
export const adaptationKey = (version: string, targetId: string): string =>
  `${adaptationsPrefix(version)}${targetId}.json`;

/** The target whose object a key under `prefix` is; undefined for another key: datasets of older versions have folders
 * by search space in the same places. */
export function targetIdIn(prefix: string, key: string): string | undefined {
  const name = key.slice(prefix.length);
  return key.startsWith(prefix) && name.endsWith('.json') && !name.includes('/')
    ? name.slice(0, -'.json'.length)
    : undefined;
}
