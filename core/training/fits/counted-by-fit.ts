// What a fit learns of counters, after its last step: from targets that it has learned from and whose descriptors have
// counters, on networks that it was trained on. Bounded as the rest of a fit is, and so cheap that it is done anew
// where it was interrupted. Everything it goes by is the fit's own data: the same fit gives the same numbers, whatever
// the process has counted before.
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import type { MeasuredCounters } from '#core/predictor/fitting/add-counter-map.ts';
import type { EpisodeData, TrainingGroup } from '#core/predictor/fitting/episodes.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import { areEnough } from '#core/predictor/operators/counter-prior.ts';
import type { Predictor } from '#core/predictor/types.ts';
import type { Store } from '#core/store/store.ts';
import { type RuntimeOfTarget, readCountedTargets } from '#core/training/snapshot/counted-targets.ts';
import type { Manifest } from '#core/training/snapshot/snapshot.ts';
import { fewestNetworks, wholeGroup } from './episode-data.ts';

/** A target takes up to three seconds; what is kept of each, in every predictor.json, is some kilobytes. */
export const counterLimits = { targets: 32, networks: 200 } as const;

/** A target with counters and what it took for networks of the fit. */
interface CountedByFit {
  readonly runtime: string;
  readonly descriptor: Descriptor;
  /** [networks][lowerings], indices into the kernels of the fit. */
  readonly networks: TrainingGroup['networks'];
  readonly latencyMs: Float64Array;
}

/** Undefined where too few have counters.
 * @throws DomainError `internal` where the snapshot's file is not the one that its manifest names */
export async function countedByFit(
  store: Store,
  manifest: Manifest,
  data: EpisodeData,
  limits: { readonly targets: number; readonly networks: number } = counterLimits,
): Promise<readonly CountedByFit[] | undefined> {
  const group = wholeGroup(data);
  if (group === undefined) return undefined;
  const columns = new Map(group.targets.map(({ id, latencyMs }) => [id, latencyMs]));
  const rowsOf = (target: string): number[] => measuredRows(columns.get(target) ?? new Float64Array());
  const chosen = await readCountedTargets(store, manifest, (there) => {
    const usable = there.filter(({ target }) => rowsOf(target).length >= fewestNetworks);
    return areEnough(usable) ? spread(usable, manifest).slice(0, limits.targets) : [];
  });
  if (chosen.length === 0) return undefined;
  return chosen.map(({ target, runtime, descriptor }) => {
    const rows = evenlySpaced(rowsOf(target), limits.networks);
    const column = columns.get(target)!;
    const latencyMs = Float64Array.from(rows, (row) => column[row]!);
    return { runtime, descriptor, networks: rows.map((row) => group.networks[row]!), latencyMs };
  });
}

const measuredRows = (latencyMs: Float64Array): number[] =>
  [...latencyMs.keys()].filter((row) => !Number.isNaN(latencyMs[row]));

const evenlySpaced = (rows: readonly number[], most: number): number[] => {
  const count = Math.min(rows.length, most);
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!);
};

/** One of every runtime in turn, and within each one of every hardware. */
function spread(targets: readonly RuntimeOfTarget[], manifest: Manifest): RuntimeOfTarget[] {
  const hardware = new Map(manifest.targets.map(({ id, hardwareKey }) => [id, hardwareKey]));
  const byRuntime = Map.groupBy(targets, ({ runtime }) => runtime);
  return inTurn(
    [...byRuntime.values()].map((own) => inTurn([...Map.groupBy(own, ({ target }) => hardware.get(target)).values()])),
  );
}

function inTurn<T>(queues: readonly (readonly T[])[]): T[] {
  const longest = Math.max(...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, round) => queues.flatMap((queue) => queue.slice(round, round + 1))).flat();
}

/** Each as the predictor of the fit sees it.
 * @param between called before each; what it throws ends the learning */
export async function* measuredCounters(
  predictor: Predictor,
  { kernels }: EpisodeData,
  targets: readonly CountedByFit[],
  between: () => Promise<void>,
): AsyncGenerator<MeasuredCounters> {
  const prices = await predictor.prices(kernels);
  for (const { networks, ...told } of targets) {
    await between();
    yield { ...told, networks: networkSums(prices, networks) };
  }
}
