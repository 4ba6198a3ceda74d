// Adapts a predictor to every target of the public measurements.
import { adaptTarget, standingHeads } from '#core/predictor/adaptation/adaptation.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { checkMeasurements } from '#core/predictor/adaptation/check-measurements.ts';
import { compactAdaptation } from '#core/predictor/adaptation/compact-adaptation.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { blockCounter } from '#core/predictor/kernels/count-kernels.ts';
import { type KernelTable, kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { sumsOfRows } from '#core/predictor/kernels/sums-of-rows.ts';
import type { Forward, Predictor } from '#core/predictor/types.ts';
import { leftInWords, workClock } from '#core/statistics/time-left.ts';
import { ncnnTargets, tfliteTargets } from './graph-targets.ts';
import type { MeasuredNetwork, MeasuredTarget } from './measured-target.ts';
import { sessionTargets } from './session-targets.ts';
import { fleetTargets, helpTargets } from './space-targets.ts';
import type { ShippedTarget } from './targets-file.ts';

/** What every target takes, in measured networks. */
const leastUnits = 100;

export interface AdaptShippedOptions {
  /** A part of the ids that are wanted; undefined: all. */
  readonly only?: string | undefined;
  /** Takes progress, a line each. */
  readonly say: (line: string) => void;
}

/** The targets by their ids, in alphabetical order: the same predictor and data give the same ones.
 * @throws DomainError `invalid-table` for shipped data that cannot be read */
export async function adaptShipped(
  predictor: Predictor,
  { only = '', say }: AdaptShippedOptions,
): Promise<ShippedTarget[]> {
  const { lowerings } = predictor.parameters;
  const table = kernelTable();
  const counter = blockCounter(table, lowerings);
  say('counting the kernels of the measured networks …');
  const measured = [
    ...ncnnTargets(table, lowerings),
    ...tfliteTargets(table, lowerings, counter),
    ...fleetTargets(counter),
    ...sessionTargets(table, lowerings),
    ...helpTargets(counter),
  ]
    .filter(({ description }) => description.id.includes(only))
    .sort((a, b) => (a.description.id < b.description.id ? -1 : 1));
  const targets: ShippedTarget[] = [];
  const clock = workClock(
    measured.map(({ networks }) => ({ kind: 'target', units: leastUnits + networks.length })),
    () => performance.now() / 1000,
  );
  for (const [i, target] of measured.entries()) {
    clock.report(i, 0);
    targets.push(await adapted(predictor, table, target));
    clock.report(i, 1);
    say(`${i + 1}/${measured.length}: ${target.description.id}, ${leftInWords(clock.leftS())}`);
  }
  return targets;
}

async function adapted(predictor: Predictor, table: KernelTable, target: MeasuredTarget): Promise<ShippedTarget> {
  const { parameters, identity } = predictor;
  const { forward, latencyMs } = await forwardOf(predictor, table, target.networks);
  // With so many measurements leaving some out brings no head back.
  const heads = standingHeads(adaptTarget(parameters, identity.hash, forward, latencyMs), parameters.lowerings);
  const adaptation = adaptCalibrated(parameters, identity.hash, forward, latencyMs, { heads });
  const selfCheck = checkMeasurements(parameters, identity.hash, forward, latencyMs, adaptation);
  const rounded = { ...selfCheck, leftOut: selfCheck.leftOut && roundedCheck(selfCheck.leftOut) };
  return {
    ...target.description,
    available: target.available,
    adaptation: compactAdaptation({ ...adaptation, selfCheck: rounded }),
  };
}

function roundedCheck<T extends object>(check: T): T {
  const entries = Object.entries(check).map(([key, x]) => [key, typeof x === 'number' ? Number(x.toFixed(4)) : x]);
  return Object.fromEntries(entries) as T;
}

/** Sums over the networks' kernels, batch size by batch size, in the order given. */
async function forwardOf(predictor: Predictor, table: KernelTable, networks: readonly MeasuredNetwork[]) {
  const order: number[] = [];
  const parts: Forward[] = [];
  for (const [batch, at] of Map.groupBy(networks.keys(), (i) => networks[i]!.batch)) {
    parts.push(
      await sumsOfRows(
        predictor,
        table.kernels,
        at.map((i) => networks[i]!.rows),
        batch,
      ),
    );
    order.push(...at);
  }
  const place = new Map(order.map((network, row) => [network, row]));
  const inOrder = networks.map((_, i) => place.get(i)!);
  return {
    forward: forwardRows(joined(parts), inOrder),
    latencyMs: Float64Array.from(networks, ({ latencyMs }) => latencyMs),
  };
}

function joined(parts: readonly Forward[]): Forward {
  const all = (of: (part: Forward) => Float32Array): Float32Array =>
    Float32Array.from(parts.flatMap((part) => [...of(part)]));
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    lnMean: all(({ lnMean }) => lnMean),
    phi: all(({ phi }) => phi),
    launches: parts.flatMap(({ launches }) => launches!),
  };
}
