// All networks of a profile, of search spaces and models, as evaluations take them: counted, and with what they took.
import { type KernelShares, kernelShares } from '#core/dataset/kernel-times/kernel-shares.ts';
import type { Profile } from '#core/dataset/profile.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import type { Forward, NetworkSet, Predictor } from '#core/predictor/types.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';

export interface ProfileNetworks {
  readonly networks: Forward;
  /** Medians [networks.count]. */
  readonly latencyMs: Float64Array;
  /** Search space of each, null of a model [networks.count]. */
  readonly spaces: readonly (string | null)[];
  /** [networks.count]. */
  readonly graphs: readonly (() => OperatorGraph)[];
  /** From runs with a profiler, where there are any [networks.count]. */
  readonly shares: readonly (KernelShares | undefined)[];
}

/** In the order of the profile's workloads, then its models. */
export async function profileNetworks(
  predictor: Predictor,
  { workloads, measurements, models = [] }: Pick<Profile, 'workloads' | 'measurements' | 'models'>,
): Promise<ProfileNetworks> {
  const byWorkload = workloads.map((_, at) => measurements.filter(({ workload }) => workload === at));
  const sets = workloads.map((workload, at): NetworkSet => {
    const { parse } = searchSpace(workload.searchSpace);
    return { workload, architectures: byWorkload[at]!.map(({ architecture }) => parse(architecture)) };
  });
  const identified = models.map(({ graph }) => ({ id: graphHash(graph), graph }));
  const ordered = [...byWorkload.flat(), ...models];
  return {
    networks: await predictor.forward([...sets, ...(identified.length > 0 ? [{ graphs: identified }] : [])]),
    latencyMs: Float64Array.from(ordered, ({ latency }) => latency.medianMs),
    spaces: [
      ...sets.flatMap((set) => set.architectures.map(() => set.workload.searchSpace)),
      ...models.map(() => null),
    ],
    graphs: [
      ...sets.flatMap(({ workload, architectures }) =>
        architectures.map((own) => () => describeNetwork(searchSpace(workload.searchSpace), own, workload).graph),
      ),
      ...models.map(
        ({ graph }) =>
          () =>
            graph,
      ),
    ],
    shares: ordered.map(({ kernelTimes }) => kernelTimes && kernelShares(kernelTimes)),
  };
}
