// What is told of a shipped target: where its numbers come from, how many there are, and how far to trust it.
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { expandedAdaptation } from '#core/predictor/adaptation/compact-adaptation.ts';
import { assessTrust } from '#core/predictor/adaptation/trust.ts';
import { measuredKinds } from '#core/predictor/whole-networks/familiarity.ts';
import type { TargetDescription } from './measured-target.ts';
import type { ShippedTarget } from './targets-file.ts';
import { textTable } from './text-table.ts';

export interface DescribedTarget extends TargetDescription {
  /** That its predictions are made from. */
  readonly measurements: number;
  /** That the source has. */
  readonly available: number;
  readonly trust: string;
  readonly trustReason: string;
  /** Each measurement predicted from the others: median and 80th percentile of |ln(measured / predicted)|, and the
   * share inside the 90 % interval. */
  readonly leftOut: NonNullable<Adaptation['selfCheck']>['leftOut'];
  readonly int8Measured: boolean;
}

/** For --json, and for what follows. */
export function describeShipped({ adaptation, available, ...description }: ShippedTarget): DescribedTarget {
  const expanded = expandedAdaptation(adaptation, '');
  const { trust, reason } = assessTrust(expanded);
  return {
    ...description,
    measurements: adaptation.measurements,
    available,
    trust,
    trustReason: reason,
    leftOut: adaptation.selfCheck.leftOut,
    int8Measured: measuredKinds(expanded).hasInt8,
  };
}

const percent = (ln: number): string => `${(100 * Math.expm1(ln)).toFixed(1)} %`;

/** A line a target. */
export function listShipped(targets: readonly DescribedTarget[]): string {
  const rows = targets.map(({ id, title, measurements, trust, leftOut }) => [
    id,
    String(measurements),
    leftOut === null ? '' : percent(leftOut.medianError),
    trust,
    title,
  ]);
  return textTable([['target', 'measurements', 'error', 'trust', 'what it is'], ...rows], [1, 2]);
}

/** All of one, a line a fact. */
export function showShipped(target: DescribedTarget): string {
  const { leftOut, measurements, available } = target;
  const check =
    leftOut === null
      ? 'too few measurements'
      : `each measurement from the others: half are off by more than ${percent(leftOut.medianError)}, a fifth by more than ${percent(leftOut.error80)}; ${Math.round(100 * leftOut.coverage90)} % are inside the 90 % interval`;
  const facts = [
    ['what', target.title],
    ['hardware', target.hardware],
    ['runtime', target.runtime ?? 'the source does not say'],
    ['source', target.source],
    ['licence', target.licence],
    ['measurements', `${measurements} of ${available}, evenly over what was measured`],
    ['int8', target.int8Measured ? 'some of them are of int8 networks' : 'none of them'],
    ['self check', check],
    ['trust', `${target.trust}: ${target.trustReason}`],
  ] as const;
  return `${target.id}\n${facts.map(([name, value]) => `  ${name.padEnd(12)}  ${value}\n`).join('')}`;
}
