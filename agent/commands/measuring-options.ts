// The options that `profile`, `run` and `models` share: what is measured, in which runtime, how well.
import { z } from 'zod';
import { statesInputSize, usualInputSize } from '#core/search-space/network/input-size.ts';
import { searchSpace, searchSpaceIds, searchSpaces } from '#core/search-space/registry.ts';
import { type Option, positiveInteger, positiveNumber, wholeNumber } from '../command-line.ts';
import { defaultQuietRule } from '../device/quiet.ts';
import { defaultStopRule, type StopRule } from '../measure/stop-rule.ts';
import { precisions, runtimeNames } from '../runtimes/runtime.ts';
import { graphOptimizations } from '../worker/job.ts';

function inputSizeHelp(): string {
  const ids = (own: boolean) => searchSpaces.filter((space) => statesInputSize(space) === own);
  const defaults = ids(false).map((space) => `${usualInputSize(space)} for ${space.id}`);
  return `side of the square input; default ${defaults.join(', ')}; not for ${ids(true)
    .map(({ id }) => id)
    .join(', ')}`;
}

export const workloadOptions: Record<string, Option> = {
  'search-space': { value: 'ID', help: `${searchSpaceIds.join(', ')} (required)` },
  'input-size': {
    value: 'PIXELS',
    help: inputSizeHelp(),
  },
  batch: { value: 'N', help: 'images per inference; default 1' },
  'support-set': {
    value: 'N|FILE',
    help: 'which networks: N of them, or a file with an architecture a line; default 10',
  },
  seed: { value: 'N', help: 'of the random weights and of a support set without a service; default 0' },
};

export const measuringOptions: Record<string, Option> = {
  ...workloadOptions,
  runtime: { value: 'NAME', help: `${runtimeNames.join(', ')} (required)` },
  threads: { value: 'N', help: 'threads of the runtime; default 1' },
  'graph-optimization': { value: 'LEVEL', help: `${graphOptimizations.join(', ')}; default all` },
  precision: { value: 'NAME', help: `${precisions.join(', ')}; default fp32` },
  program: { value: 'PATH', help: 'trtexec or benchmark_model, where it is not on PATH' },
  command: { value: 'WORDS', help: 'for --runtime command: the program and its arguments, separated by spaces' },
  models: {
    value: 'FOLDER',
    help: 'model files made from an export (command models), for a runtime that takes no ONNX',
  },
  tolerance: { value: 'FRACTION', help: '95 % interval at which a latency is settled, relative; default 0.01' },
  'max-seconds': { value: 'S', help: 'longest sampling of one network; default 5' },
  'cool-down': { value: 'S', help: 'pause before each network; default 0.1' },
  'max-wait': { value: 'S', help: 'longest wait for a cool, idle device before each network; default 10' },
  'no-counters': { help: 'do not count with perf' },
  'no-descriptor': { help: 'leave the operators out' },
  'no-pin': { help: 'do not pin the runtime to processors' },
  'raw-samples': { help: 'put up to 1,000 samples of each network into the profile' },
  model: { value: 'TEXT', help: 'model of the device, where it is not recognised' },
  accelerator: { value: 'TEXT', help: 'model of the accelerator, where the runtime does not say it' },
  'runtime-version': { value: 'TEXT', help: 'version of the runtime, where it does not say it' },
  'device-id': { value: 'ID', help: 'name the enrolled device in the profile' },
};

export const serviceOptions: Record<string, Option> = {
  api: { value: 'URL', help: 'address of the service; default $SUGARBUSH_API' },
  'token-file': { value: 'FILE', help: 'file with the device token; default: the token in $SUGARBUSH_TOKEN' },
  'allow-http': { help: 'send the token over plain HTTP to an address other than this machine' },
};

export const workloadShape = {
  searchSpace: z.enum(searchSpaceIds),
  inputSize: positiveInteger.optional(),
  batch: positiveInteger.default(1),
  supportSet: z.string().min(1).default('10'),
  seed: wholeNumber.default(0),
};

export const measuringShape = {
  ...workloadShape,
  runtime: z.enum(runtimeNames),
  threads: positiveInteger.default(1),
  graphOptimization: z.enum(graphOptimizations).default('all'),
  precision: z.enum(precisions).default('fp32'),
  program: z.string().min(1).optional(),
  command: z.string().min(1).optional(),
  models: z.string().min(1).optional(),
  tolerance: positiveNumber.default(defaultStopRule.sampling.tolerance),
  maxSeconds: positiveNumber.default(defaultStopRule.sampling.maxMs / 1000),
  coolDown: positiveNumber.default(defaultQuietRule.pauseMs / 1000),
  maxWait: positiveNumber.default(defaultQuietRule.maxWaitMs / 1000),
  noCounters: z.boolean().default(false),
  noDescriptor: z.boolean().default(false),
  noPin: z.boolean().default(false),
  rawSamples: z.boolean().default(false),
  model: z.string().min(1).max(96).optional(),
  accelerator: z.string().min(1).max(96).optional(),
  runtimeVersion: z.string().min(1).max(48).optional(),
  deviceId: z.string().min(1).max(64).optional(),
};

export const serviceShape = {
  api: z.url().optional(),
  tokenFile: z.string().min(1).optional(),
  allowHttp: z.boolean().default(false),
};

const measuringSchema = z.strictObject(measuringShape);
export type MeasuringOptions = z.output<typeof measuringSchema>;

const workloadSchema = z.strictObject(workloadShape);
export type WorkloadOptions = z.output<typeof workloadSchema>;

const serviceSchema = z.strictObject(serviceShape);
export type ServiceOptions = z.output<typeof serviceSchema>;

export function inputSizeOf(options: WorkloadOptions): number | null {
  return options.inputSize ?? usualInputSize(searchSpace(options.searchSpace));
}

export function stopRuleOf(options: MeasuringOptions): StopRule {
  const { warmUp, sampling } = defaultStopRule;
  const maxMs = options.maxSeconds * 1000;
  return {
    warmUp: { ...warmUp, maxMs: Math.min(warmUp.maxMs, maxMs) },
    sampling: { ...sampling, maxMs, minMs: Math.min(sampling.minMs, maxMs), tolerance: options.tolerance },
  };
}
