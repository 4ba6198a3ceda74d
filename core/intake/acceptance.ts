// Whether uploaded bytes become part of the dataset. Pure: the same bytes and the same expectation always end the same
// way, as an accepted profile with its excluded measurements or as a reason, whatever the bytes are.
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { ProfileEnvelope, ProfileMeasurement } from '#core/dataset/profile.ts';
import { knownVersions, readEnvelope } from '#core/dataset/read-profile.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { hasSettled } from '#core/descriptor/operator-networks.ts';
import type { Issue } from '#core/errors.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import {
  type AcceptedModel,
  acceptMeasurements,
  type ExcludedMeasurement,
  plausibleLatencyMs,
} from './accept-measurements.ts';
import { parseBoundedJson } from './bounded-json.ts';
import { decompress } from './decompress.ts';
import { exclusionText } from './exclusion-text.ts';
import type { QuarantineCode } from './reasons.ts';

export const uploadLimits = { compressedBytes: 5 * 2 ** 20, expandedBytes: 50 * 2 ** 20 } as const;

/** Several times what the largest profile has (20,000 measurements and a descriptor). */
const jsonLimits = { depth: 32, containers: 500_000, strings: 2_000_000, entries: 50_000 } as const;

/** What was registered before the upload. */
export interface ExpectedUpload {
  readonly sizeBytes: number;
  /** SHA-256 of the compressed bytes, lower-case hex. */
  readonly sha256: string;
  /** The only one that the profile may be of; undefined: it was registered without one. */
  readonly searchSpace?: SearchSpaceId | undefined;
  readonly deviceId: string;
  /** What is known to be wrong with who uploaded it. */
  readonly ownerFault?: { readonly code: 'device-mismatch' | 'device-revoked'; readonly message: string } | undefined;
}

/** In the words of version 2, whatever version it came in. */
export interface AcceptedProfile extends Omit<ProfileEnvelope, 'measurements' | 'models'> {
  readonly targetId: string;
  /** Architectures are valid and canonical, and distinct within a workload. At least one, or one of the models, or
   * a descriptor with one operator's latency. */
  readonly measurements: readonly ProfileMeasurement[];
  /** Distinct graphs. */
  readonly models: readonly AcceptedModel[];
  readonly excluded: readonly ExcludedMeasurement[];
}

export interface QuarantineReason {
  readonly code: QuarantineCode;
  readonly message: string;
  /** At most `reportedIssues`; paths into the profile. */
  readonly issues: readonly Issue[];
}

export type Acceptance =
  | { readonly outcome: 'accepted'; readonly profile: AcceptedProfile }
  | {
      readonly outcome: 'quarantined';
      readonly reason: QuarantineReason;
      readonly excluded: readonly ExcludedMeasurement[];
    };

/** More would not help anybody who has to mend the profile, and the answer stays small. */
export const reportedIssues = 20;

/** A verdict against a whole profile; of the issues the first few are kept. */
export function quarantined(
  code: QuarantineCode,
  message: string,
  issues: readonly Issue[] = [],
  excluded: readonly ExcludedMeasurement[] = [],
): Acceptance & { readonly outcome: 'quarantined' } {
  return { outcome: 'quarantined', reason: { code, message, issues: issues.slice(0, reportedIssues) }, excluded };
}

/** @param compressed the object as it was uploaded. */
export function acceptProfile(compressed: Uint8Array, expected: ExpectedUpload): Acceptance {
  const size = compressed.byteLength;
  if (size !== expected.sizeBytes || size > uploadLimits.compressedBytes) {
    const allowed = `registered: ${expected.sizeBytes}, at most ${uploadLimits.compressedBytes}`;
    return quarantined('size-mismatch', `the object has ${size} bytes; ${allowed}`);
  }
  const sha256 = createHash('sha256').update(compressed).digest('hex');
  if (sha256 !== expected.sha256) {
    return quarantined('hash-mismatch', `the object's SHA-256 is ${sha256}; registered: ${expected.sha256}`);
  }
  const expanded = decompress(compressed, uploadLimits.expandedBytes);
  if (expanded.outcome === 'damaged') return quarantined('gzip-damaged', `not whole gzip: ${expanded.message}`);
  if (expanded.outcome === 'too-large') {
    return quarantined('gzip-too-large', `expands to more than ${uploadLimits.expandedBytes} bytes`);
  }
  const json = parseBoundedJson(expanded.bytes, jsonLimits);
  if (json.outcome === 'invalid') return quarantined('json-invalid', shortened(`not JSON in UTF-8: ${json.message}`));
  if (json.outcome === 'too-complex') return quarantined('json-too-complex', json.message);
  return acceptEnvelope(json.value, expected);
}

function acceptEnvelope(value: unknown, expected: ExpectedUpload): Acceptance {
  const read = readEnvelope(value);
  if (!read.success) {
    const issues = read.error.issues.slice(0, reportedIssues).map(asIssue);
    const { path, message } = issues[0]!;
    const versions = knownVersions.join(' or ');
    return quarantined(
      'schema-invalid',
      `not a profile of version ${versions}: ${path === '' ? '' : `${path}: `}${message}`,
      issues,
    );
  }
  const { measurements: _, models: __, ...profile } = read.data.envelope;
  const foreign = profile.workloads.findIndex(
    ({ searchSpace }) => searchSpace !== (expected.searchSpace ?? searchSpace),
  );
  if (foreign >= 0) {
    const { searchSpace } = profile.workloads[foreign]!;
    const message = `the profile is of '${searchSpace}'; the upload was registered for '${expected.searchSpace}'`;
    return quarantined('search-space-mismatch', message, [{ path: `workloads/${foreign}/searchSpace`, message }]);
  }
  const { deviceId } = profile.context;
  if (deviceId !== null && deviceId !== expected.deviceId) {
    const message = `the profile names device '${deviceId}'; it was uploaded by '${expected.deviceId}'`;
    return quarantined('device-mismatch', message, [{ path: 'context/deviceId', message }]);
  }
  if (expected.ownerFault) return quarantined(expected.ownerFault.code, expected.ownerFault.message);
  const implausible = implausibleOperators(profile.descriptor);
  if (implausible.length > 0) {
    return quarantined('descriptor-implausible', `${implausible[0]!.path}: ${implausible[0]!.message}`, implausible);
  }
  const { accepted, models, excluded } = acceptMeasurements(read.data);
  const isDescribed = Object.values(profile.descriptor?.operators ?? {}).some(hasSettled);
  if (accepted.length + models.length === 0 && !isDescribed) {
    return quarantined(
      'no-measurements-left',
      excluded.length === 0
        ? 'no operator of the descriptor settled, and there are no measurements'
        : `all ${excluded.length} measurements were excluded: ${exclusionText(excluded)}`,
      excluded.map(({ index, message }) => ({ path: `measurements/${index}`, message })),
      excluded,
    );
  }
  return {
    outcome: 'accepted',
    profile: { ...profile, targetId: targetId(profile.target), measurements: accepted, models, excluded },
  };
}

function implausibleOperators(descriptor: ProfileEnvelope['descriptor']): Issue[] {
  return Object.entries(descriptor?.operators ?? {}).flatMap(([key, { latency }]) =>
    typeof latency === 'string' || plausibleLatencyMs(latency.medianMs)
      ? []
      : [{ path: `descriptor/operators/${key}/latency/medianMs`, message: `${latency.medianMs} ms is not plausible` }],
  );
}

/** An issue of a schema as the service reports it, both parts cut where they are long. */
export function asIssue(issue: z.core.$ZodIssue): Issue {
  return { path: shortened(issue.path.map(String).join('/')), message: shortened(issue.message) };
}

/** What somebody else wrote goes into a message only up to here. */
export function shortened(message: string): string {
  return message.length <= 200 ? message : `${message.slice(0, 199)}…`;
}
