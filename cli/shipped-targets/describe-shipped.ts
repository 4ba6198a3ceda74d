// What is told of a shipped target: where its numbers come from, how many there are, and how far to trust it.
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { expandedAdaptation } from '#core/predictor/adaptation/compact-adaptation.ts';
import { assessTrust } from '#core/predictor/adaptation/trust.ts';
import type { Behaviour } from '#core/predictor/whole-networks/behaviour.ts';
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
  /** What it is like, what is slow on it, what to measure next; where it was asked for. */
  readonly behaviour?: Behaviour;
}

/** For --json, and for what follows. */
export function describeShipped(
  { adaptation, available, ...description }: ShippedTarget,
  behaviour?: Behaviour,
): DescribedTarget {
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
    ...(behaviour && { behaviour }),
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
    ...(target.behaviour === undefined ? [] : behaviourFacts(target.behaviour)),
  ] as const;
  return `${target.id}\n${facts.map(([name, value]) => `  ${name.padEnd(12)}  ${value}\n`).join('')}`;
}

/** Kinds that are told of each sort. */
const toldKinds = 4;

function behaviourFacts(behaviour: Behaviour): [string, string][] {
  const { lowering, loweringProbability, like = [], prices, measureNext } = behaviour;
  const inWords = (kinds: Behaviour['prices']): string =>
    kinds.length === 0
      ? 'nothing for certain'
      : kinds
          .slice(0, toldKinds)
          .map(({ kind, share, factor, low, high }) => {
            const interval = `${low.toFixed(2)} to ${high.toFixed(2)}`;
            return `${kind} ${factor.toFixed(2)} × (${interval}; ${(100 * share).toFixed(1)} % of the time)`;
          })
          .join(', ');
  const slow = prices.filter(({ low }) => low > 1).sort((a, b) => b.low - a.low);
  const fast = prices.filter(({ high }) => high < 1).sort((a, b) => a.high - b.high);
  const next = measureNext.map(({ network, factor }) => `${network} (within a factor of ${factor.toFixed(2)})`);
  const known = like.map(({ target, apart }) => `${target} (${percent(apart)} apart)`);
  return [
    ['runs as', `${lowering}, probability ${loweringProbability.toFixed(2)}`],
    ...(known.length === 0 ? [] : [['like', known.join(', ')] as [string, string]]),
    ['slow here', inWords(slow)],
    ['fast here', inWords(fast)],
    ['next', `standard networks least known: ${next.join(', ')}`],
  ];
}
