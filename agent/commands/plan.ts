// From the options to everything that measuring needs: runtime, counters, models, target.
import { release, type as systemType } from 'node:os';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { DomainError } from '#core/errors.ts';
import type { Workload } from '#core/search-space/workload.ts';
import { chooseCpus } from '../device/affinity.ts';
import { corePmus } from '../device/core-pmu.ts';
import { readHardware } from '../device/hardware.ts';
import { powerSettings, readPowerMode } from '../device/power-mode.ts';
import { defaultQuietRule } from '../device/quiet.ts';
import type { SystemFiles } from '../device/system-files.ts';
import { findPerf } from '../perf/perf-command.ts';
import { probePerf } from '../perf/probe.ts';
import { findProgram } from '../process/find-program.ts';
import type { ProfilePlan } from '../profile/measure-profile.ts';
import { builtModels, givenModels } from '../profile/models.ts';
import type { Counting } from '../profile/operators.ts';
import { describeTarget } from '../profile/target.ts';
import { createRuntime } from '../runtimes/registry.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { engineFolder } from '../state-folder.ts';
import { agentVersion } from '../version.ts';
import { type MeasuringOptions, onlyWorkload, stopRuleOf, workloadsOf } from './measuring-options.ts';

export interface PlanContext {
  /** The program and its arguments behind `--`. */
  readonly words?: readonly string[];
  /** The state folder, in which engines are kept. */
  readonly state: string;
}

/** Everything but which networks.
 * @throws DomainError `program-missing` when the runtime is not here */
export async function makePlan(
  options: MeasuringOptions,
  files: SystemFiles,
  { words = [], state }: PlanContext,
): Promise<Omit<ProfilePlan, 'networks'>> {
  const workloads = workloadsOf(options);
  const command = commandOf(options, words);
  const runtime = createRuntime({ name: options.runtime, program: options.program, command });
  if (!runtime.precisions.includes(options.precision)) {
    throw new DomainError(
      'invalid-usage',
      `--precision ${options.precision}: ${runtime.name} has ${runtime.precisions.join(', ')}`,
    );
  }
  const detection = await runtime.detect();
  if (!detection.found) throw new DomainError('program-missing', `runtime ${runtime.name}: ${detection.reason}`);
  const hardware = readHardware(files);
  const cpus = options.noPin || findProgram('taskset') === undefined ? undefined : chooseCpus(files, options.threads);
  const settings = {
    threads: options.threads,
    graphOptimization: options.graphOptimization,
    precision: options.precision,
  };
  const models = chooseModels(options, runtime) ?? builtModels(options.seed);
  const target = describeTarget({
    hardware: options.model === undefined ? hardware : { ...hardware, model: options.model },
    runtime,
    version: options.runtimeVersion ?? detection.version,
    accelerator: options.accelerator,
    settings,
    pinned: cpus !== undefined,
    deviceSettings: powerSettings(readPowerMode(files)),
  });
  return {
    target,
    runtime,
    settings,
    models,
    workloads,
    // The operators of the first search space that has a list of them.
    described: options.noDescriptor ? undefined : workloads.find(hasOperators),
    counting:
      options.noCounters || options.noDescriptor || !runtime.counts ? undefined : await findCounting(cpus, files),
    rule: stopRuleOf(options),
    build: { limitS: options.buildSeconds, engineFolder: engineFolder(state) },
    quiet: { ...defaultQuietRule, pauseMs: options.coolDown * 1000, maxWaitMs: options.maxWait * 1000 },
    cpus,
    seed: options.seed,
    rawSamples: options.rawSamples,
    agentVersion,
    deviceId: options.deviceId ?? null,
    kernel: `${systemType()} ${release()}`,
  };
}

function hasOperators({ searchSpace }: Workload): boolean {
  return descriptorOperators[searchSpace].length > 0;
}

function commandOf(options: MeasuringOptions, words: readonly string[]): string | readonly string[] | undefined {
  if (words.length === 0) return options.command;
  if (options.runtime !== 'command') {
    throw new DomainError('invalid-usage', `'${words[0]}' behind -- is a program for --runtime command alone`);
  }
  if (options.command === undefined) return words;
  throw new DomainError('invalid-usage', 'the program stands twice: with --command and behind --');
}

async function findCounting(cpus: readonly number[] | undefined, files: SystemFiles): Promise<Counting | undefined> {
  const perf = await findPerf();
  if (perf === undefined || !perf.hasControl) return undefined;
  return { perf, abilities: await probePerf(perf, cpus, corePmus(files)) };
}

function chooseModels(options: MeasuringOptions, runtime: Runtime): ProfilePlan['models'] | undefined {
  if (options.models === undefined) {
    if (runtime.modelSuffix === '.onnx') return undefined;
    const hint = "export the networks with the command 'models', convert them, and name the folder with --models";
    throw new DomainError('invalid-usage', `${runtime.name} takes ${runtime.modelSuffix} files, not ONNX: ${hint}`);
  }
  const { models, index } = givenModels(options.models, runtime.modelSuffix);
  const wanted = onlyWorkload(options, '--models');
  for (const name of ['searchSpace', 'inputSize', 'batchSize'] as const) {
    if (index[name] === wanted[name]) continue;
    const made = `${options.models} was exported with ${name} ${index[name]}`;
    throw new DomainError('invalid-usage', `${made}, not ${wanted[name]}`);
  }
  return models;
}
