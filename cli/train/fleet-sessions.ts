// Whole sessions of this project's agent (data/fleet/epyc): cells, mobile networks and models of the zoo that one
// target has measured, so that what is small and what is large is of one scale.
import { fileURLToPath } from 'node:url';
import { profilesOf } from '#cli/read-profiles.ts';
import type { ProfileTarget } from '#core/dataset/profile-target.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { blockCounter, countGraph } from '#core/predictor/kernels/count-kernels.ts';
import { type CountRow, type KernelTable, kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadKey } from '#core/search-space/workload.ts';
import type { CountedGraphs } from '#core/training/fits/episode-data.ts';

const shippedSessions = fileURLToPath(new URL('../../data/fleet/epyc/', import.meta.url));

export interface SessionNetwork {
  /** The same for the same network of another session. */
  readonly key: string;
  /** A search space, or a model's name. */
  readonly family: string;
  readonly latencyMs: number;
  /** Launches under each lowering, counted when they are asked for. */
  readonly rows: () => readonly CountRow[];
}

export interface FleetSession {
  /** As `onnxruntime-all-t1`. */
  readonly name: string;
  readonly target: ProfileTarget;
  readonly networks: readonly SessionNetwork[];
}

/** In the order of their names.
 * @param folder of profiles (*.json.gz) */
export function fleetSessions(
  table: KernelTable,
  lowerings: readonly LoweringId[],
  folder: string = shippedSessions,
): FleetSession[] {
  const counter = blockCounter(table, lowerings);
  return profilesOf(folder).map(({ id, profile }): FleetSession => {
    const { target, workloads, measurements, models = [] } = profile;
    const ofSpaces = measurements.map(({ workload: at, architecture, latency }): SessionNetwork => {
      const workload = workloads[at]!;
      const space = searchSpace(workload.searchSpace);
      return {
        key: `${workloadKey(workload)} ${architecture}`,
        family: space.id,
        latencyMs: latency.medianMs,
        rows: () => counter.count(space, space.parse(architecture), workload),
      };
    });
    const whole = models.map(
      ({ graph, latency }): SessionNetwork => ({
        key: graphHash(graph),
        family: graph.name,
        latencyMs: latency.medianMs,
        rows: () => countGraph(table, graph, lowerings),
      }),
    );
    return { name: id, target, networks: [...ofSpaces, ...whole] };
  });
}

/** How often a step draws from them alone. */
const weight = 0.6;

/** All sessions as one group of networks, each target with what it has measured of them.
 * @param without the program (`onnxruntime`) whose targets are left out; undefined: none
 * @param folder of profiles (*.json.gz) */
export function countedSessions(without?: string, folder?: string): CountedGraphs {
  const table = kernelTable();
  const sessions = fleetSessions(table, defaultLowerings, folder).filter(
    ({ target }) => without === undefined || (target.runtime.name ?? 'unknown') !== without,
  );
  const networks = new Map(sessions.flatMap((own) => own.networks.map((network) => [network.key, network] as const)));
  const keys = [...networks.keys()];
  return {
    id: 'sessions',
    weight,
    kernels: table.kernels,
    networks: keys.map((key) => networks.get(key)!.rows()),
    families: keys.map((key) => networks.get(key)!.family),
    targets: sessions.map(({ target, networks: own }) => {
      const latencies = new Map(own.map(({ key, latencyMs }) => [key, latencyMs]));
      return { id: targetId(target), latencyMs: Float64Array.from(keys, (key) => latencies.get(key) ?? Number.NaN) };
    }),
  };
}
