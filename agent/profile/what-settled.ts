// Which of a profile's results are steady: of the networks those that a service takes, by the service's own rules.
import type { Profile } from '#core/dataset/profile.ts';
import { readEnvelope } from '#core/dataset/read-profile.ts';
import { hasSettled } from '#core/descriptor/operator-networks.ts';
import { acceptMeasurements, type ExcludedMeasurement } from '#core/intake/accept-measurements.ts';
import { exclusionText } from '#core/intake/exclusion-text.ts';

export interface Settled {
  /** Operators that never settled. */
  readonly unsteady: readonly string[];
  /** How many networks were measured, search spaces' and others. */
  readonly networks: number;
  /** Those of them that a service does not take. */
  readonly leftOut: readonly ExcludedMeasurement[];
  /** Whether an operator settled: such a profile is taken for its descriptor. */
  readonly describes: boolean;
}

/** @throws ZodError for what is no profile */
export function whatSettled(profile: Profile): Settled {
  const read = readEnvelope(profile);
  if (!read.success) throw read.error;
  const operators = Object.entries(profile.descriptor?.operators ?? {});
  return {
    unsteady: operators.filter(([, { stable }]) => stable === false).map(([key]) => key),
    networks: profile.measurements.length + (profile.models?.length ?? 0),
    leftOut: acceptMeasurements(read.data).excluded,
    describes: operators.some(([, operator]) => hasSettled(operator)),
  };
}

/** Lines for the device's owner; empty where everything settled. */
export function settledText({ unsteady, networks, leftOut, describes }: Settled): string {
  const ofOperators =
    unsteady.length === 0
      ? ''
      : `${unsteady.length} operators never settled and are marked so, such as ${unsteady[0]}\n`;
  if (leftOut.length === 0) return ofOperators;
  const why = exclusionText(leftOut);
  if (leftOut.length < networks) {
    const settled = networks - leftOut.length;
    return `${ofOperators}${settled} of ${networks} networks settled; a service does not take the others: ${why}\n`;
  }
  const verdict = describes ? 'only the operators that settled' : 'nothing of this profile and quarantines it';
  return (
    `${ofOperators}none of ${networks} networks settled; a service takes ${verdict}: ` +
    `${why}\nMeasure again on a quieter device (doctor says what keeps it busy) or with a larger --max-seconds\n`
  );
}
