// Why a profile, or one measurement of it, is not used. The codes are part of the API and of stored records: they are
// only ever added to. docs/ingest.md says what to do about each; a test keeps the two lists equal.

/** In the order of the checks: a quarantined profile has the first that applies. */
export const quarantineReasons = {
  'size-mismatch': 'The object is not as long as the registered upload, or longer than 5 MiB.',
  'hash-mismatch': 'The SHA-256 of the object is not the registered one.',
  'gzip-damaged': 'The object is not gzip, is cut off, or fails its checksum.',
  'gzip-too-large': 'The object expands to more than 50 MiB.',
  'json-invalid': 'The content is not JSON in UTF-8.',
  'json-too-complex': 'The JSON is nested deeper, or has more objects, entries or strings, than any profile needs.',
  'schema-invalid': 'The JSON is not a profile of a known version.',
  'search-space-mismatch': 'The profile is of another search space than the upload was registered for.',
  'device-mismatch': 'The profile, or the place it was put, names another device than the one that registered it.',
  'device-revoked': 'The device was revoked before the upload was processed.',
  'descriptor-implausible': 'An operator latency in the descriptor is outside the plausible range.',
  'no-measurements-left': 'Every measurement was excluded.',
  'target-conflict': 'The target id already belongs to a target with other content.',
  'target-full':
    'The target has as many measurements, workloads or models as one target, or one device in it, may hold.',
} as const;

export type QuarantineCode = keyof typeof quarantineReasons;

/** In the order of the checks: an excluded measurement has the first that applies. */
export const exclusionReasons = {
  'measurement-invalid': 'The measurement has a missing, unknown or malformed field.',
  'latency-not-finite': 'The latency is not a finite number.',
  'latency-not-positive': 'The latency is zero or negative.',
  'latency-implausible': 'The latency is outside 0.0001 ms to 600,000 ms.',
  'architecture-invalid': "The architecture is not one of its workload's search space.",
  'architecture-duplicate': 'The architecture stands earlier in the same profile, in the same workload.',
  'model-invalid': 'The operator graph is none, or contradicts itself.',
  'model-duplicate': 'The same operator graph stands earlier in the same profile.',
  'samples-disagree': 'The raw samples do not have the median that is given.',
  'measurement-unstable': 'The samples scatter too much, or the device says that they never settled.',
} as const;

export type ExclusionCode = keyof typeof exclusionReasons;
