// From the options to everything that measuring needs: runtime, counters, models, target.
import { release, type as systemType } from 'node:os';
import { profileLimits } from '#core/dataset/profile.ts';
import { DomainError } from '#core/errors.ts';
import { findValgrind } from '../cachegrind/valgrind.ts';
import { chooseCpus } from '../device/affinity.ts';
import { readClockSetting } from '../device/clock-setting.ts';
import { corePmus } from '../device/core-pmu.ts';
import { readHardware } from '../device/hardware.ts';
import { powerSettings, readPowerMode } from '../device/power-mode.ts';
import { defaultQuietRule } from '../device/quiet.ts';
import type { SystemFiles } from '../device/system-files.ts';
import { findPerf } from '../perf/perf-command.ts';
import { probePerf } from '../perf/probe.ts';
import { findProgram } from '../process/find-program.ts';
import type { PlannedGraph, ProfilePlan } from '../profile/measure-profile.ts';
import { builtModels, givenModels, type ModelIndex } from '../profile/models.ts';
import type { Counting } from '../profile/operators.ts';
import { describeTarget } from '../profile/target.ts';
import { createRuntime, runtimesTimingKernels } from '../runtimes/registry.ts';
import { holdTo, type Reported } from '../runtimes/reported.ts';
import type { Detection, Runtime } from '../runtimes/runtime.ts';
import { engineFolder } from '../state-folder.ts';
import { agentVersion } from '../version.ts';
import { chooseArchitectures } from './architectures.ts';
import { chooseOperators, measuresStandard } from './chosen-operators.ts';
import { type MeasuringOptions, onlyWorkload, stopRuleOf, workloadsOf } from './measuring-options.ts';
import { isOnnx, plannedFile, standardPlan } from './planned-graphs.ts';
import { askForName, askRuntime, withOwnersWords } from './what-runs.ts';

export interface PlanContext {
  /** The program and its arguments behind `--`. */
  readonly words?: readonly string[];
  /** The state folder, in which engines are kept. */
  readonly state: string;
  readonly signal?: AbortSignal;
  /** Messages to the device owner; absent: to nobody. */
  say?(text: string): void;
}

/** Everything but which networks. A runtime that says only while it measures what it is has measured one by then.
 * @throws DomainError `program-missing` when the runtime is not here, `invalid-usage` for options that contradict each
 * other or the runtime, and what `measure` throws when no network runs */
export async function makePlan(
  options: MeasuringOptions,
  files: SystemFiles,
  context: PlanContext,
): Promise<Omit<ProfilePlan, 'networks'>> {
  const workloads = workloadsOf(options);
  const described = chooseOperators(options, workloads);
  const command = commandOf(options, context.words ?? []);
  const runtime = createRuntime({ name: options.runtime, program: options.program, command });
  if (!runtime.precisions.includes(options.precision)) {
    throw new DomainError(
      'invalid-usage',
      `--precision ${options.precision}: ${runtime.name} has ${runtime.precisions.join(', ')}`,
    );
  }
  if (options.kernelTimes && runtime.kernelTimes === undefined) {
    const able = runtimesTimingKernels().join(', ');
    throw new DomainError(
      'invalid-usage',
      `--kernel-times: ${runtime.name} has no profiler that tells how long a kernel takes; those that have: ${able}`,
    );
  }
  const detection = await runtime.detect();
  if (!detection.found) throw new DomainError('program-missing', `runtime ${runtime.name}: ${detection.reason}`);
  const hardware = readHardware(files);
  const cpus = options.noPin || findProgram('taskset') === undefined ? undefined : chooseCpus(files, options.threads);
  const isCounted = !options.noCounters && described !== undefined && runtime.counts;
  const counting = isCounted ? await findCounting(options, cpus, files) : undefined;
  const settings = {
    threads: options.threads,
    graphOptimization: options.graphOptimization,
    precision: options.precision,
  };
  const { models, index } = chooseModels(options, runtime) ?? { models: builtModels(options.seed), index: undefined };
  const graphs = await chooseGraphs(options, models);
  const build = { limitS: options.buildSeconds, engineFolder: engineFolder(context.state) };
  const asked = { runtime, detection, settings, build, cpus, models, index, workloads, graphs };
  const reported = await whatRuns(options, asked, context).catch((error: unknown) => {
    models.remove();
    throw error;
  });
  const target = describeTarget({
    hardware: options.model === undefined ? hardware : { ...hardware, model: options.model },
    runtime,
    reported,
    settings,
    pinned: cpus !== undefined,
    deviceSettings: powerSettings(readPowerMode(files)),
  });
  return {
    target,
    runtime: holdTo(reported, runtime),
    settings,
    models,
    workloads,
    graphs,
    described,
    counting,
    rule: stopRuleOf(options),
    build,
    quiet: { ...defaultQuietRule, pauseMs: options.coolDown * 1000, maxWaitMs: options.maxWait * 1000 },
    cpus,
    seed: options.seed,
    rawSamples: options.rawSamples,
    kernelTimes: options.kernelTimes,
    agentVersion,
    deviceId: options.deviceId ?? null,
    kernel: `${systemType()} ${release()}`,
    clocks: readClockSetting(files),
  };
}

function commandOf(options: MeasuringOptions, words: readonly string[]): string | readonly string[] | undefined {
  if (words.length === 0) return options.command;
  if (options.runtime !== 'command') {
    throw new DomainError('invalid-usage', `'${words[0]}' behind -- is a program for --runtime command alone`);
  }
  if (options.command === undefined) return words;
  throw new DomainError('invalid-usage', 'the program stands twice: with --command and behind --');
}

/** @throws DomainError `invalid-usage`, `program-missing` where cachegrind was asked for and cannot count */
async function findCounting(
  { countWith, runtime, threads }: MeasuringOptions,
  cpus: readonly number[] | undefined,
  files: SystemFiles,
): Promise<Counting | undefined> {
  if (countWith === 'cachegrind') {
    if (runtime !== 'onnxruntime' || threads !== 1) {
      throw new DomainError(
        'invalid-usage',
        '--count-with cachegrind: for --runtime onnxruntime with --threads 1 alone',
      );
    }
    const valgrind = await findValgrind();
    if (valgrind !== undefined) return { valgrind };
    throw new DomainError('program-missing', '--count-with cachegrind: valgrind does not start (Debian: valgrind)');
  }
  const perf = await findPerf();
  if (perf === undefined || !perf.hasControl) return undefined;
  return { perf, abilities: await probePerf(perf, cpus, corePmus(files)) };
}

interface Asked extends Pick<ProfilePlan, 'runtime' | 'settings' | 'build' | 'cpus' | 'models' | 'workloads'> {
  readonly detection: Extract<Detection, { found: true }>;
  readonly index: ModelIndex | undefined;
  readonly graphs: readonly PlannedGraph[];
}

async function whatRuns(options: MeasuringOptions, asked: Asked, { signal, say }: PlanContext): Promise<Reported> {
  const { runtime, detection, settings, build, cpus, models, index, workloads, graphs } = asked;
  // Options that cannot be right whatever it says are refused before it runs.
  withOwnersWords(options, { version: null });
  const [workload] = workloads;
  const architectures =
    index === undefined
      ? workloads.slice(0, 1).flatMap((first) => chooseArchitectures(options.supportSet, first, options.seed))
      : Object.values(index.architectures);
  const request = { settings, build, cpus, seed: options.seed, timeoutS: 120, ...(signal && { signal }) };
  const tried = runtime.detectsByRunning
    ? []
    : [
        ...architectures.map((architecture) => () => models.architecture(workload!, architecture)),
        ...graphs.map(({ file }) => file),
      ];
  const said = await askRuntime(runtime, request, tried);
  const reported = withOwnersWords(options, { ...said, version: said?.version ?? detection.version });
  const question = askForName(options.runtime, reported);
  if (question !== undefined) say?.(question);
  return reported;
}

/** What of no search space is measured: the standard networks, and files as they are.
 * @throws DomainError as `plannedFile` */
async function chooseGraphs(options: MeasuringOptions, models: ProfilePlan['models']): Promise<PlannedGraph[]> {
  const graphs: PlannedGraph[] = measuresStandard(options) ? standardPlan(models) : [];
  for (const file of options.models.filter(isOnnx))
    graphs.push(await plannedFile(file, { batch: options.batch[0]!, ...options.dim }));
  const { models: most } = profileLimits;
  if (graphs.length <= most) return graphs;
  throw new DomainError('invalid-usage', `--models: ${graphs.length} networks; a profile holds ${most}`);
}

function chooseModels(
  options: MeasuringOptions,
  runtime: Runtime,
): { readonly models: ProfilePlan['models']; readonly index: ModelIndex } | undefined {
  const [folder, ...others] = options.models;
  if (folder === undefined || isOnnx(folder)) {
    if (runtime.modelSuffix === '.onnx') return undefined;
    const hint = "export the networks with the command 'models', convert them, and name the folder with --models";
    throw new DomainError('invalid-usage', `${runtime.name} takes ${runtime.modelSuffix} files, not ONNX: ${hint}`);
  }
  if (others.length > 0)
    throw new DomainError('invalid-usage', `--models: ONNX files, or one folder; not ${folder} too`);
  const { models, index } = givenModels(folder, runtime.modelSuffix);
  const wanted = onlyWorkload(options, '--models');
  for (const name of ['searchSpace', 'inputSize', 'batchSize'] as const) {
    if (index[name] === wanted[name]) continue;
    const made = `${folder} was exported with ${name} ${index[name]}`;
    throw new DomainError('invalid-usage', `${made}, not ${wanted[name]}`);
  }
  return { models, index };
}
