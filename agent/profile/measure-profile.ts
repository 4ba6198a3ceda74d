// Measures a target and writes it down as a profile: the operators with their counters, then the networks end to end.
// What never settles is marked, what fails is left out with its reason, and nothing is lost when it is cut off.
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { KernelTimes } from '#core/dataset/kernel-times/kernel-times.ts';
import {
  type ModelMeasurement,
  type Profile,
  type ProfileMeasurement,
  profileLimits,
  profileSchema,
  profileSchemaVersion,
} from '#core/dataset/profile.ts';
import type { ProfileTarget } from '#core/dataset/profile-target.ts';
import type { CounterName } from '#core/descriptor/counters.ts';
import type { Descriptor, DescriptorValues, Operator } from '#core/descriptor/descriptor.ts';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { type SizedOperators, sizedOperatorsKey } from '#core/descriptor/operator-graphs.ts';
import { DomainError } from '#core/errors.ts';
import type { IdentifiedGraph } from '#core/predictor/types.ts';
import { type Workload, workloadKey } from '#core/search-space/workload.ts';
import { canonicalJson } from '#core/text/canonical-json.ts';
import type { ClockSetting } from '../device/clock-setting.ts';
import { corePmu } from '../device/core-pmu.ts';
import { type QuietRule, waitForQuiet } from '../device/quiet.ts';
import { type DeviceState, readState } from '../device/state.ts';
import type { SystemFiles } from '../device/system-files.ts';
import { clockStepNs } from '../measure/clock-step.ts';
import type { StopRule } from '../measure/stop-rule.ts';
import type { CounterValue } from '../perf/count-per-inference.ts';
import { counterEvents } from '../perf/events.ts';
import type { BuildRule, MeasuredLatency, MeasureRequest, Runtime, RuntimeSettings } from '../runtimes/runtime.ts';
import type { Journal } from './journal.ts';
import { lostCounters } from './lost-counters.ts';
import type { Models } from './models.ts';
import { type Counting, measureOperator } from './operators.ts';
import { duration, type ProfileProgress } from './progress.ts';
import { type Settled, whatSettled } from './what-settled.ts';

export interface PlannedNetwork {
  /** Index into the workloads. */
  readonly workload: number;
  readonly architecture: string;
}

/** A network of no search space. */
export interface PlannedGraph extends IdentifiedGraph {
  /** For people and the journal. */
  readonly name: string;
  /** Path of a file that can be measured now; valid until the next one is asked for. */
  readonly file: () => string;
}

export interface ProfilePlan {
  readonly target: ProfileTarget;
  readonly runtime: Runtime;
  readonly settings: RuntimeSettings;
  readonly models: Models;
  readonly workloads: readonly Workload[];
  readonly networks: readonly PlannedNetwork[];
  readonly graphs: readonly PlannedGraph[];
  /** Which operators are measured, and at which sizes; undefined: they are left out. */
  readonly described: SizedOperators | undefined;
  readonly counting: Counting | undefined;
  readonly rule: StopRule;
  readonly build: BuildRule;
  readonly quiet: QuietRule;
  readonly cpus: readonly number[] | undefined;
  readonly seed: number;
  readonly rawSamples: boolean;
  /** Whether how long each kernel takes is measured beside each network's latency. */
  readonly kernelTimes: boolean;
  readonly agentVersion: string;
  readonly deviceId: string | null;
  readonly kernel: string;
  readonly clocks: ClockSetting;
}

export interface ProfilePorts {
  readonly files: SystemFiles;
  readonly journal: Journal<JournalEntry>;
  readonly progress: ProfileProgress;
  readonly signal?: AbortSignal;
}

/** What the journal keeps for each thing measured. */
export interface JournalEntry {
  readonly measurement?: ProfileMeasurement;
  readonly model?: MeasuredResult;
  readonly operator?: Operator;
  readonly events?: readonly (readonly [CounterName, CounterValue])[];
  /** How long an engine was built for it, s. */
  readonly builtS?: number;
  readonly failure?: string;
  /** Why there are no kernel times, where they were asked for. */
  readonly noKernelTimes?: string;
  /** The whole, once it was made. */
  readonly profile?: Profile;
}

/** What a profile says of any network that was measured. */
type MeasuredResult = Omit<ModelMeasurement, 'graph'>;

export interface Failure {
  readonly what: string;
  readonly reason: string;
}

export interface MeasuredProfile {
  readonly profile: Profile;
  readonly failures: readonly Failure[];
  readonly settled: Settled;
  /** Measured while the device was hot or busy. */
  readonly disturbed: readonly string[];
  /** How long engines were built, s; 0 where none was. */
  readonly builtS: number;
  /** Counters that doctor promises and no operator has. */
  readonly lostCounters: readonly CounterName[];
}

/** A name for what is measured on what, the same in every run of it: 64 hexadecimal digits. */
export function planDigest({ target, workloads }: Pick<ProfilePlan, 'target' | 'workloads'>): string {
  return digestOf([target, workloads]);
}

/** A name for what was asked for, whatever the runtime says of itself: 64 hexadecimal digits. What is resumed is looked
 * for under it, so that a runtime that is another by then is noticed. */
export function askedDigest({
  target,
  runtime,
  settings,
  workloads,
}: Omit<ProfilePlan, 'networks' | 'graphs'>): string {
  return digestOf(['asked', target.hardware.model, runtime.name, settings, workloads]);
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** Everything that a single result depends on besides what is measured, as canonical JSON: for the journal. */
export function planIdentity(plan: ProfilePlan): string {
  const { target, clocks, rule, seed, rawSamples, kernelTimes } = plan;
  const program = plan.runtime.programIdentity?.() ?? null;
  const counting = plan.counting !== undefined && ('perf' in plan.counting || 'cachegrind');
  return canonicalJson({
    target,
    program,
    clocks,
    rule,
    seed,
    rawSamples,
    counting,
    ...(kernelTimes && { kernelTimes }),
  });
}

/** Made once: whoever was cut off before the profile was safe makes the same one again, to the byte, so that it counts
 * once. @throws as `measureProfile` */
export async function measureProfileOnce(plan: ProfilePlan, ports: ProfilePorts): Promise<MeasuredProfile> {
  const { workloads, networks, graphs, described, deviceId } = plan;
  const ids = graphs.map(({ id }) => id);
  const asked = [workloads, networks, described ?? null, deviceId, ...(ids.length === 0 ? [] : [ids])];
  const key = `profile of ${canonicalJson(asked)}`;
  const known = profileSchema.safeParse(ports.journal.get(key)?.profile);
  if (known.success) return { ...told(plan, known.data), failures: [], disturbed: [], builtS: 0 };
  const measured = await measureProfile(plan, ports);
  ports.journal.put(key, { profile: measured.profile });
  return measured;
}

/** @throws DomainError `program-failed` when no network at all could be measured, `cancelled` */
export async function measureProfile(plan: ProfilePlan, ports: ProfilePorts): Promise<MeasuredProfile> {
  const { files, progress } = ports;
  const startedAt = new Date().toISOString();
  const before = readState(files);
  const failures: Failure[] = [];
  const disturbed: string[] = [];
  let wasDisturbed = false;
  const { described } = plan;
  let builtS = 0;
  const operators = described === undefined ? [] : descriptorOperators[described.list];
  progress.start(operators.length, plan.networks.length + plan.graphs.length);

  async function once(key: string, measure: () => Promise<JournalEntry>): Promise<JournalEntry> {
    const known = ports.journal.get(key);
    if (known !== undefined && known.failure === undefined) {
      progress.step(key, `${describe(known)} (measured before)`, true);
      return known;
    }
    const { disturbedBy } = await waitForQuiet(files, wasDisturbed ? shorter(plan.quiet) : plan.quiet, ports.signal);
    wasDisturbed = disturbedBy !== undefined;
    if (disturbedBy !== undefined) disturbed.push(`${key}: ${disturbedBy}`);
    const entry = await withTicks(key, progress, measure);
    builtS += entry.builtS ?? 0;
    // What failed is tried again by whoever goes on from here: it may have been the hour, not the network.
    if (entry.failure === undefined) ports.journal.put(key, entry);
    progress.step(
      key,
      `${entry.failure ?? describe(entry)}${disturbedBy === undefined ? '' : ` (${disturbedBy})`}`,
      false,
    );
    return entry;
  }

  const entries = new Map<string, JournalEntry>();
  for (const key of operators) {
    const entry = await once(`${sizedOperatorsKey(described!)} ${key}`, async () => {
      const request = requestFor(plan, plan.models.operator(described!, key), ports.signal);
      const { events, ...measured } = await measureOperator(plan.runtime, request, plan.counting);
      return { ...measured, events: [...events] };
    });
    entries.set(key, entry);
    if (entry.failure !== undefined) failures.push({ what: key, reason: entry.failure });
  }
  const measurements: ProfileMeasurement[] = [];
  for (const network of plan.networks) {
    const key = `${workloadKey(plan.workloads[network.workload]!)} ${network.architecture}`;
    const { measurement, failure } = await once(key, () => measureNetwork(plan, network, ports));
    // The journal may be of a plan that had its workloads in another order.
    if (measurement !== undefined) measurements.push({ ...measurement, workload: network.workload });
    else failures.push({ what: key, reason: failure ?? 'no result' });
  }
  const models: ModelMeasurement[] = [];
  for (const planned of plan.graphs) {
    const key = `${planned.name} ${planned.id.slice(0, 16)}`;
    const { model, failure } = await once(key, () => measureGraph(plan, planned, ports));
    if (model !== undefined) models.push({ graph: planned.graph, ...model });
    else failures.push({ what: key, reason: failure ?? 'no result' });
  }
  progress.stop();
  if (measurements.length + models.length === 0) {
    const reason = failures.at(-1)?.reason ?? 'no architectures were given';
    const count = plan.networks.length + plan.graphs.length;
    throw new DomainError('program-failed', `none of ${count} networks could be measured: ${reason}`);
  }
  const context: Profile['context'] = {
    agentVersion: plan.agentVersion,
    deviceId: plan.deviceId,
    kernel: plan.kernel,
    governor: before.governor?.slice(0, 48) ?? null,
    before: asState(before),
    after: asState(readState(files)),
    clock: {
      source: 'CLOCK_MONOTONIC',
      resolutionNs: clockStepNs(() => process.hrtime.bigint()),
      startedAt,
      endedAt: new Date().toISOString(),
    },
  };
  // What this agent writes is held against the same schema as what the service reads.
  const profile = profileSchema.parse({
    schemaVersion: profileSchemaVersion,
    target: plan.target,
    context,
    workloads: plan.workloads,
    descriptor: described === undefined ? null : { ...described, ...asValues(entries, corePmu(files)) },
    measurements,
    ...(models.length > 0 && { models }),
  });
  return { ...told(plan, profile), failures, disturbed, builtS };
}

/** A profile with what it says about itself. */
function told(
  { counting }: ProfilePlan,
  profile: Profile,
): Pick<MeasuredProfile, 'profile' | 'settled' | 'lostCounters'> {
  const isPerf = counting !== undefined && 'perf' in counting;
  const lost = isPerf ? lostCounters(profile.descriptor, counting.abilities.status) : [];
  return { profile, settled: whatSettled(profile), lostCounters: lost };
}

/** Says every half minute that it is still at it. */
async function withTicks<T>(key: string, progress: ProfileProgress, measure: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  const ticks = setInterval(() => progress.still(key, performance.now() - startMs), 30_000);
  try {
    return await measure();
  } finally {
    clearInterval(ticks);
  }
}

async function measureNetwork(
  plan: ProfilePlan,
  { workload, architecture }: PlannedNetwork,
  ports: ProfilePorts,
): Promise<JournalEntry> {
  const measured = await measureSteadily(plan, ports, () =>
    requestFor(plan, plan.models.architecture(plan.workloads[workload]!, architecture), ports.signal),
  );
  if ('failure' in measured) return measured;
  return { ...measured.told, measurement: { workload, architecture, ...measured.result } };
}

async function measureGraph(plan: ProfilePlan, planned: PlannedGraph, ports: ProfilePorts): Promise<JournalEntry> {
  const measured = await measureSteadily(plan, ports, () => ({
    ...requestFor(plan, planned.file(), ports.signal),
    inputs: planned.graph.inputs,
    graph: planned.graph,
  }));
  return 'failure' in measured ? measured : { ...measured.told, model: measured.result };
}

/** @param makeRequest makes the file that is measured, too */
async function measureSteadily(
  plan: ProfilePlan,
  ports: ProfilePorts,
  makeRequest: () => MeasureRequest,
): Promise<
  | { readonly result: MeasuredResult; readonly told: Pick<JournalEntry, 'builtS' | 'noKernelTimes'> }
  | { readonly failure: string }
> {
  try {
    const request = makeRequest();
    let measured = await plan.runtime.measure(request);
    const built = measured.builtS === undefined ? {} : { builtS: measured.builtS };
    if (!measured.stable) {
      // Once more, rested: something passing may have disturbed it.
      await waitForQuiet(ports.files, plan.quiet, ports.signal);
      const again = await plan.runtime.measure(request);
      if (again.stable || spread(again) < spread(measured)) measured = again;
    }
    const result = resultOf(measured, plan.rawSamples);
    if (!plan.kernelTimes) return { result, told: built };
    const { kernelTimes, noKernelTimes } = await timeKernels(plan.runtime, request);
    return {
      result: { ...result, ...(kernelTimes && { kernelTimes }) },
      told: { ...built, ...(noKernelTimes !== undefined && { noKernelTimes }) },
    };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'cancelled') throw error;
    return { failure: error.message };
  }
}

/** A latency is worth something without them. */
async function timeKernels(
  runtime: Runtime,
  request: MeasureRequest,
): Promise<{ readonly kernelTimes?: KernelTimes; readonly noKernelTimes?: string }> {
  try {
    const kernelTimes = await runtime.kernelTimes?.(request);
    return kernelTimes === undefined ? {} : { kernelTimes };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'cancelled') throw error;
    return { noKernelTimes: error.message };
  }
}

/** What a runtime is asked for one model file of a plan. */
export function requestFor(
  plan: Omit<ProfilePlan, 'networks' | 'graphs'>,
  modelPath: string,
  signal: AbortSignal | undefined,
): MeasureRequest {
  const { warmUp, sampling } = plan.rule;
  return {
    modelPath,
    settings: plan.settings,
    rule: plan.rule,
    build: plan.build,
    cpus: plan.cpus,
    seed: plan.seed,
    // A network whose single inference outlasts all limits is still given time for a few of them.
    timeoutS: 120 + (10 * (warmUp.maxMs + sampling.maxMs)) / 1000,
    ...(signal === undefined ? {} : { signal }),
  };
}

/** A device that did not become quiet in time is not given all of that time again before each network. */
function shorter(rule: QuietRule): QuietRule {
  return { ...rule, maxWaitMs: rule.maxWaitMs / 10 };
}

function resultOf(measured: MeasuredLatency, rawSamples: boolean): MeasuredResult {
  const { latency, runs, stable, samplesMs } = measured;
  const base = { latency, runs, stable };
  return rawSamples && samplesMs !== undefined ? { ...base, samplesMs: thin(samplesMs, profileLimits.samples) } : base;
}

/** At most `count` samples, evenly spaced over time. */
export function thin(samples: readonly number[], count: number): number[] {
  if (samples.length <= count) return [...samples];
  return Array.from({ length: count }, (_, i) => samples[Math.floor((i * samples.length) / count)]!);
}

function asValues(entries: ReadonlyMap<string, JournalEntry>, pmuName: string | undefined): DescriptorValues {
  const counters: Descriptor['counters'] = {};
  const operators: Descriptor['operators'] = {};
  for (const [key, entry] of entries) {
    operators[key] = entry.operator!;
    for (const [counter, value] of entry.events ?? []) {
      if (typeof value.value !== 'number') continue;
      const isSoftware = counterEvents.find((event) => event.counter === counter)?.kind === 'software';
      counters[counter] ??= {
        pmu: isSoftware || value.source ? null : ((value.pmu ?? pmuName)?.slice(0, 64) ?? null),
        event: value.event.slice(0, 128).trimEnd(),
        ...(value.source && { source: value.source }),
      };
    }
  }
  return { counters, operators };
}

function asState({ frequencyMhz, load1, temperatureC }: DeviceState): Profile['context']['before'] {
  return { frequencyMhz, load1, temperatureC };
}

function spread({ latency }: MeasuredLatency): number {
  return (latency.spreadMs ?? Number.POSITIVE_INFINITY) / latency.medianMs;
}

function describe(entry: JournalEntry): string {
  const { latency } = entry.measurement ?? entry.model ?? entry.operator ?? {};
  if (latency === undefined || typeof latency === 'string') return 'no latency';
  const isStable = (entry.measurement ?? entry.model ?? entry.operator)?.stable;
  const built = entry.builtS === undefined ? '' : `, engine built in ${duration(entry.builtS * 1000)}`;
  const without = entry.noKernelTimes === undefined ? '' : `, no kernel times: ${entry.noKernelTimes}`;
  return `${latency.medianMs.toPrecision(4)} ms${isStable === false ? ', never settled' : ''}${built}${without}`;
}
