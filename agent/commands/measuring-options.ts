// The options that `profile`, `run` and `models` share: what is measured, in which runtime, how well.
import * as z from 'zod';
import { flag, type Values } from '#command-line/command.ts';
import { dimensionsOption } from '#command-line/dimensions.ts';
import { positiveInteger, positiveNumber, serviceUrl, text, wholeNumber } from '#command-line/values.ts';
import { profileLimits } from '#core/dataset/profile.ts';
import { descriptorLists } from '#core/descriptor/descriptor-operators.ts';
import { DomainError } from '#core/errors.ts';
import { maxRelativeSpread } from '#core/intake/accept-measurements.ts';
import { statesInputSize, usualInputSize } from '#core/search-space/network/input-size.ts';
import { searchSpaceIds, searchSpaces } from '#core/search-space/registry.ts';
import { type Workload, workloadKey, workloadOf } from '#core/search-space/workload.ts';
import { identifier } from '#core/text/line-text.ts';
import { defaultQuietRule } from '../device/quiet.ts';
import { defaultStopRule, type StopRule } from '../measure/stop-rule.ts';
import { runtimeNames, runtimePrograms } from '../runtimes/registry.ts';
import { runtimePrecisions } from '../runtimes/runtime.ts';
import { graphOptimizations } from '../worker/job.ts';

function inputSizeHelp(): string {
  const ids = (own: boolean) => searchSpaces.filter((space) => statesInputSize(space) === own);
  const defaults = ids(false).map((space) => `${usualInputSize(space)} for ${space.id}`);
  return `side of the square input; default ${defaults.join(', ')}; not for ${ids(true)
    .map(({ id }) => id)
    .join(', ')}`;
}

const counterSources = ['perf', 'cachegrind'] as const;

export const workloadOptions = {
  searchSpace: {
    value: 'ID',
    help: searchSpaceIds.join(', '),
    schema: z.array(z.enum(searchSpaceIds)).min(1),
    repeatable: true,
  },
  inputSize: {
    value: 'PIXELS',
    help: inputSizeHelp(),
    schema: positiveInteger.optional(),
  },
  batch: {
    value: 'N',
    help: 'images per inference; default 1',
    schema: z.array(positiveInteger).default([1]),
    repeatable: true,
  },
  supportSet: {
    value: 'N|FILE',
    help: 'which networks: N of them for each search space and batch, or a file with an architecture a line',
    schema: text,
    default: '10',
  },
  seed: {
    value: 'N',
    help: 'of the random weights and of a support set without a service',
    schema: wholeNumber,
    default: '0',
  },
};

export const measuringOptions = {
  ...workloadOptions,
  searchSpace: { ...workloadOptions.searchSpace, schema: z.array(z.enum(searchSpaceIds)).default([]) },
  standard: flag(
    'measure the standard networks, from which every network can be predicted; they are what is measured ' +
      'where neither --search-space nor --models is given, and with it beside those',
  ),
  runtime: { value: 'NAME', help: runtimeNames.join(', '), schema: z.enum(runtimeNames) },
  threads: { value: 'N', help: 'threads of the runtime', schema: positiveInteger, default: '1' },
  graphOptimization: {
    value: 'LEVEL',
    help: graphOptimizations.join(', '),
    schema: z.enum(graphOptimizations),
    default: 'all',
  },
  precision: { value: 'NAME', help: runtimePrecisions.join(', '), schema: z.enum(runtimePrecisions), default: 'fp32' },
  program: {
    value: 'PATH',
    help: `${runtimePrograms.join(' or ')}, where it is not on PATH`,
    schema: text.optional(),
  },
  command: {
    value: 'WORDS',
    help: 'for --runtime command: the program and its arguments, quoted as for a shell; or put them behind --',
    schema: text.optional(),
  },
  models: {
    value: 'FOLDER|FILE...',
    help:
      'ONNX files to measure as they are, of which only the operator graphs leave the device; or a folder ' +
      'of files made from an export (command models), for a runtime that takes no ONNX',
    schema: z.array(text).default([]),
    repeatable: true,
  },
  dim: dimensionsOption,
  tolerance: {
    value: 'FRACTION',
    help:
      '95 % interval at which a latency is settled, relative; whatever it is, a service takes no network whose ' +
      `interquartile range is above ${maxRelativeSpread} of the median`,
    schema: positiveNumber,
    default: String(defaultStopRule.sampling.tolerance),
  },
  maxSeconds: {
    value: 'S',
    help: 'longest sampling of one network, in seconds',
    schema: positiveNumber,
    default: String(defaultStopRule.sampling.maxMs / 1000),
  },
  buildSeconds: {
    value: 'S',
    help: 'longest building of one engine before it is sampled, in seconds (tensorrt, or a compiler behind command)',
    schema: positiveNumber,
    default: '1800',
  },
  coolDown: {
    value: 'S',
    help: 'pause before each network, in seconds',
    schema: positiveNumber,
    default: String(defaultQuietRule.pauseMs / 1000),
  },
  maxWait: {
    value: 'S',
    help: 'longest wait for a cool, idle device before each network, in seconds',
    schema: positiveNumber,
    default: String(defaultQuietRule.maxWaitMs / 1000),
  },
  noCounters: flag('do not count'),
  countWith: {
    value: 'SOURCE',
    help:
      "what counts the operators' events: perf, or cachegrind, valgrind's simulation, which needs no PMU, counts the " +
      'same each time and takes a minute an operator (for --runtime onnxruntime on one thread)',
    schema: z.enum(counterSources),
    default: 'perf',
  },
  operators: {
    value: 'LIST',
    help:
      `which single operators: ${descriptorLists.join(', ')}; default standard with the standard networks, else ` +
      'those of the search space, where it has any',
    schema: z.enum(descriptorLists).optional(),
  },
  noDescriptor: flag('leave the operators out'),
  noPin: flag('do not pin the runtime to processors'),
  rawSamples: flag('put up to 1,000 samples of each network into the profile'),
  kernelTimes: flag(
    "which share of a network's latency each kernel takes, measured in further runs with the runtime's profiler",
  ),
  model: {
    value: 'TEXT',
    help: 'model of the device, where it is not recognised',
    schema: text.max(96).optional(),
  },
  accelerator: {
    value: 'TEXT',
    help: 'model of the accelerator, where the runtime does not say it',
    schema: text.max(96).optional(),
  },
  runtimeName: {
    value: 'NAME',
    help: 'for --runtime command: the engine behind it, such as tvm or ncnn',
    schema: text.toLowerCase().pipe(identifier).optional(),
  },
  runtimeVersion: {
    value: 'TEXT',
    help: 'version of the runtime, where it does not say it',
    schema: text.max(48).optional(),
  },
  deviceId: { value: 'ID', help: 'name the enrolled device in the profile', schema: text.max(64).optional() },
};

/** Words behind `--`: they need no quoting for the agent. */
export const commandWords = { value: 'PROGRAM ARGUMENTS', help: 'for --runtime command, instead of --command' };

export const serviceOptions = {
  api: {
    value: 'URL',
    help: 'address of the service; `profile` sends it the profile at once, unless --out names a file',
    schema: serviceUrl.optional(),
    env: 'SUGARBUSH_API',
  },
  tokenFile: {
    value: 'FILE',
    help: 'file with the device token; default: the token in $SUGARBUSH_TOKEN',
    schema: text.optional(),
  },
  allowHttp: flag('send the token over plain HTTP to an address other than this machine'),
};

export const stateOption = {
  value: 'FOLDER',
  help:
    'where the spool is and what must survive; default $SUGARBUSH_STATE, then the StateDirectory of systemd, then ' +
    '~/.local/state/sugarbush-agent',
  schema: text.optional(),
};

export type MeasuringOptions = Values<typeof measuringOptions>;
export type WorkloadOptions = Values<typeof workloadOptions>;

/** Each search space at each batch size, in the order given.
 * @throws DomainError `invalid-usage` for an input size that a space cannot have, or for more than a profile holds */
export function workloadsOf(options: WorkloadOptions): Workload[] {
  const { searchSpace: ids, inputSize, batch } = options;
  const workloads = new Map<string, Workload>();
  for (const id of ids) {
    for (const batchSize of batch) {
      const workload = readWorkload({ searchSpace: id, inputSize, batchSize });
      workloads.set(workloadKey(workload), workload);
    }
  }
  const { workloads: most } = profileLimits;
  if (workloads.size <= most) return [...workloads.values()];
  throw new DomainError('invalid-usage', `${workloads.size} search spaces × batch sizes; a profile holds ${most}`);
}

/** For what takes one only. @throws DomainError `invalid-usage` */
export function onlyWorkload(options: WorkloadOptions, what: string): Workload {
  const [first, ...others] = workloadsOf(options);
  if (others.length === 0) return first!;
  throw new DomainError('invalid-usage', `${what}: of one --search-space and one --batch`);
}

function readWorkload(given: Parameters<typeof workloadOf>[0]): Workload {
  try {
    return workloadOf(given);
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    throw new DomainError('invalid-usage', `--search-space ${given.searchSpace}: ${cause.message}`, { cause });
  }
}

/** When a measurement is warm and when it is enough, by the command's options. */
export function stopRuleOf(options: MeasuringOptions): StopRule {
  const { warmUp, sampling } = defaultStopRule;
  const maxMs = options.maxSeconds * 1000;
  return {
    warmUp: { ...warmUp, maxMs: Math.min(warmUp.maxMs, maxMs) },
    sampling: { ...sampling, maxMs, minMs: Math.min(sampling.minMs, maxMs), tolerance: options.tolerance },
  };
}
