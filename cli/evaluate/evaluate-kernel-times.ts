// What kernel times are worth on profiles that have them, and how predicted shares agree with them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readShippedPredictor } from '#cli/start/read-shipped-predictor.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { DomainError } from '#core/errors.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { chooseRows } from '#core/predictor/adaptation/select-support-set.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { meanAccuracy } from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { Accuracy } from '#core/predictor/evaluation/metrics.ts';
import {
  adaptedTo,
  agreementOf,
  learnGroups,
  type ProfiledTarget,
  type ShareAgreement,
  scoreProfiled,
} from '#core/predictor/evaluation/profiled-targets.ts';
import { simulatedProfiles } from '#core/predictor/evaluation/simulated-profiles.ts';
import { assumedGroups, type GroupModel } from '#core/predictor/kernel-times/group-rows.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { loweringsOf } from '#core/predictor/whole-networks/breakdown.ts';
import { priceNetworkOf } from '#core/predictor/whole-networks/launched-network.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadOf } from '#core/search-space/workload.ts';
import { profileNetworks } from './profile-networks.ts';

/** The one that comes with the project. */
export const shippedPredictor = async (): Promise<Predictor> => loadPredictor((await readShippedPredictor()).bundle);

/** A target of a folder of profiles. */
export interface ProfiledFile extends ProfiledTarget {
  /** With its optimisation level: `onnxruntime basic`. */
  readonly runtime: string;
  /** One a network, in their order. */
  readonly graphs: readonly (() => OperatorGraph)[];
}

/** Names of what may be profiles in a folder, sorted.
 * @throws DomainError `invalid-usage` where it is not there */
export function profileFiles(folder: string): string[] {
  if (!existsSync(folder)) throw new DomainError('invalid-usage', `--folder: there is no ${folder}`);
  return readdirSync(folder)
    .filter((name) => /\.json(\.gz)?$/.test(name))
    .sort();
}

/** Profiles of a folder in the order of their names; those without kernel times are passed over.
 * @throws DomainError `invalid-usage` where none has any */
export async function readProfiled(predictor: Predictor, folder: string): Promise<ProfiledFile[]> {
  const files = profileFiles(folder);
  const targets: ProfiledFile[] = [];
  for (const file of files) {
    const target = await profiledFile(predictor, folder, file);
    if (target !== undefined) targets.push(target);
  }
  if (targets.length > 0) return targets;
  throw new DomainError('invalid-usage', `no profile in ${folder} has kernel times (agent profile --kernel-times)`);
}

async function profiledFile(predictor: Predictor, folder: string, file: string): Promise<ProfiledFile | undefined> {
  const bytes = readFileSync(join(folder, file));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const parsed = anyProfileSchema.safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  const { target } = parsed.data;
  const { networks, shares, latencyMs, graphs } = await profileNetworks(predictor, parsed.data);
  if (shares.every((own) => own === undefined)) return undefined;
  return {
    id: file.replace(/\.json(\.gz)?$/, ''),
    runtime: [target.runtime.name, target.runtime.settings['graphOptimization']].join(' ').trim(),
    networks: { ...networks, shares },
    latencyMs,
    graphs,
  };
}

export interface ProfiledScore extends Accuracy {
  readonly target: string;
  readonly measurements: number;
  readonly selection: 'random' | 'chosen';
  readonly kernelTimes: boolean;
}

export interface KernelTimesEvaluation {
  /** How far shares are believed on the targets of each runtime: as learned from those of the others, or as assumed
   * where there are none. */
  readonly learned: readonly { readonly without: string; readonly groups: GroupModel }[];
  readonly scores: readonly ProfiledScore[];
  /** Predicted from ten drawn networks without their shares. */
  readonly agreement: readonly { readonly target: string; readonly agreement: ShareAgreement }[];
}

export interface KernelTimesPlan {
  readonly measurements: readonly number[];
  /** Random draws a target. */
  readonly repeats: number;
  readonly seed: number;
}

/** Each target with what was learned from those of other runtimes, another optimisation level being one. */
export async function evaluateKernelTimes(
  predictor: Predictor,
  targets: readonly ProfiledFile[],
  plan: KernelTimesPlan,
  note: (line: string) => void,
): Promise<KernelTimesEvaluation> {
  const learned = [...new Set(targets.map(({ runtime }) => runtime))].map((without) => {
    note(`learning how far shares are believed without ${without}`);
    const others = targets.filter(({ runtime }) => runtime !== without);
    return { without, groups: others.length === 0 ? assumedGroups : learnGroups(predictor, others, 10, plan.seed) };
  });
  const scores: ProfiledScore[] = [];
  const agreement: { target: string; agreement: ShareAgreement }[] = [];
  for (const target of targets) {
    note(`evaluating ${target.id}`);
    const { groups } = learned.find(({ without }) => without === target.runtime)!;
    for (const measurements of plan.measurements)
      scores.push(...scoresOf(predictor, target, measurements, plan, groups));
    const own = await agreementOn(predictor, target, plan.seed);
    if (own !== undefined) agreement.push({ target: target.id, agreement: own });
  }
  return { learned, scores, agreement };
}

/** Networks of each search space on a simulated device. */
const simulatedNetworks = 40;
/** How simulated devices launch: as a lowering that the predictor tells apart, as one that it does not. */
const simulatedLowerings = ['fused', 'onnxruntime-basic', 'onnxruntime-all'] as const;

/** Simulated devices instead of profiles, with the groups as assumed; means over the devices of each kind. */
export async function evaluateSimulated(
  predictor: Predictor,
  devices: number,
  plan: KernelTimesPlan,
  note: (line: string) => void,
): Promise<KernelTimesEvaluation> {
  const scores: ProfiledScore[] = [];
  for (const searchSpaceId of ['fbnet', 'nasbench201'] as const) {
    const workload = workloadOf({ searchSpace: searchSpaceId });
    const space = searchSpace(searchSpaceId);
    const random = seededRandom(plan.seed);
    const architectures = Array.from({ length: simulatedNetworks }, () => space.sample(random));
    for (const lowering of simulatedLowerings) {
      note(`simulating ${devices} devices that launch ${searchSpaceId} as ${lowering}`);
      const set = { workload, architectures };
      const targets = await simulatedProfiles(predictor, set, lowering, devices, plan.seed + 1);
      const all = targets.flatMap((target) =>
        plan.measurements.flatMap((measurements) => scoresOf(predictor, target, measurements, plan, assumedGroups)),
      );
      const cases = Map.groupBy(all, (s) => `${s.measurements} ${s.selection} ${s.kernelTimes}`);
      for (const own of cases.values()) scores.push({ ...own[0]!, ...meanAccuracy(own) });
    }
  }
  return { learned: [], scores, agreement: [] };
}

const drawnRows = ({ networks }: ProfiledTarget, count: number, seed: number): number[] => [
  ...seededRandom(seed).choose(networks.count, count),
];

function scoresOf(
  predictor: Predictor,
  target: ProfiledTarget,
  measurements: number,
  { repeats, seed }: KernelTimesPlan,
  groups: GroupModel,
): ProfiledScore[] {
  const drawn = Array.from({ length: repeats }, (_, repeat) => drawnRows(target, measurements, seed * 1000 + repeat));
  const { picks } = chooseRows(target.networks, measurements);
  return [groups, null].flatMap((own): ProfiledScore[] => {
    const told = { target: target.id, measurements, kernelTimes: own !== null };
    const score = (support: readonly number[]): Accuracy => scoreProfiled(predictor, target, support, own);
    return [
      { ...told, selection: 'random', ...meanAccuracy(drawn.map(score)) },
      { ...told, selection: 'chosen', ...score(picks) },
    ];
  });
}

/** Networks whose shares are compared, evenly spaced: each is lowered launch by launch. */
const mostCompared = 30;

async function agreementOn(
  predictor: Predictor,
  target: ProfiledFile,
  seed: number,
): Promise<ShareAgreement | undefined> {
  const support = drawnRows(target, Math.min(10, target.networks.count - 1), seed * 1000);
  const adaptation = adaptedTo(predictor, target, support, null);
  const rows = [...target.latencyMs.keys()].filter(
    (row) => !support.includes(row) && target.networks.shares![row] !== undefined,
  );
  const step = Math.max(1, Math.ceil(rows.length / mostCompared));
  const networks = [];
  for (const row of rows.filter((_, i) => i % step === 0)) {
    const network = await priceNetworkOf(predictor, target.graphs[row]!(), loweringsOf([adaptation]));
    networks.push({ network, shares: target.networks.shares![row]! });
  }
  return agreementOf(adaptation, networks);
}
