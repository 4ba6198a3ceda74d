// The commands of `sugarbush`, and how their errors are told.
import { exitCodes } from '#command-line/exit-codes.ts';
import type { Entry, Program } from '#command-line/program.ts';
import { DomainError } from '#core/errors.ts';
import { StackError } from '#stack/stack-error.ts';
import manifest from '../package.json' with { type: 'json' };

const entries: readonly Entry[] = [
  {
    name: 'predict',
    summary: 'latencies of an ONNX file on the targets that come with the project, without a service',
    load: async () => (await import('./commands/predict.ts')).predictCommand,
  },
  {
    name: 'targets',
    summary: 'the targets that come with the project, and where their numbers come from',
    load: async () => (await import('./commands/targets.ts')).targetsCommand,
  },
  {
    name: 'start',
    summary: 'runs the whole service on this machine',
    load: async () => (await import('./commands/start.ts')).startCommand,
  },
  {
    name: 'import',
    summary: 'sends a latency table to a service, through the same door as devices',
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  {
    name: 'train',
    summary: 'trains the predictor that comes with the project',
    load: async () => (await import('./commands/train.ts')).trainCommand,
  },
  {
    name: 'adapt-shipped',
    summary: 'adapts the predictor that comes with the project to the targets that come with it',
    load: async () => (await import('./commands/adapt-shipped.ts')).adaptShippedCommand,
  },
  {
    name: 'convert',
    summary: 'architectures from the forms of other tools to the text that is asked with, and back',
    load: async () => (await import('./commands/convert.ts')).convertCommand,
  },
  {
    name: 'evaluate',
    summary: 'how good predictions are on targets that the training has not seen',
    load: async () => (await import('./commands/evaluate.ts')).evaluateCommand,
  },
  {
    name: 'compare',
    summary: 'Sugarbush, MAPLE-Edge and simple methods beside each other on the measured fleet',
    load: async () => (await import('./commands/compare.ts')).compareCommand,
  },
  {
    name: 'evaluate-descriptor',
    summary: 'what the operators of a descriptor are worth for the targets of the measured fleet',
    load: async () => (await import('./commands/evaluate-descriptor.ts')).evaluateDescriptorCommand,
  },
  {
    name: 'evaluate-kernel-times',
    summary: 'what the time of each kernel is worth beside latencies, and how predicted shares agree with it',
    load: async () => (await import('./commands/evaluate-kernel-times.ts')).evaluateKernelTimesCommand,
  },
  {
    name: 'evaluate-profiles',
    summary: 'how well targets with whole profiles are predicted, by kind of network',
    load: async () => (await import('./commands/evaluate-profiles.ts')).evaluateProfilesCommand,
  },
  {
    name: 'bench',
    summary: 'how fast, on this machine: predictions, training, the way in',
    load: async () => (await import('./commands/bench.ts')).benchCommand,
  },
  {
    name: 'report',
    summary: 'draws the report of a predictor as one HTML file',
    load: async () => (await import('./commands/report.ts')).reportCommand,
  },
  {
    name: 'issue-token',
    summary: 'issues a bearer token with the AWS credentials of an operator',
    load: async () => (await import('./commands/issue-token.ts')).issueTokenCommand,
  },
  {
    name: 'migrate-dataset',
    summary: 'brings the targets of a dataset of before to where they are looked for now',
    load: async () => (await import('./commands/migrate-dataset.ts')).migrateDatasetCommand,
  },
  {
    name: 'tokens',
    summary: 'the tokens that a service knows, with their last use',
    load: async () => (await import('./commands/tokens.ts')).tokensCommand,
  },
  {
    name: 'revoke-token',
    summary: 'ends a token by its id',
    load: async () => (await import('./commands/revoke-token.ts')).revokeTokenCommand,
  },
  {
    name: 'profiles',
    summary: 'the profiles that a target of a service is known from',
    load: async () => (await import('./commands/profiles.ts')).profilesCommand,
  },
  {
    name: 'withdraw',
    summary: 'withdraws a target, a profile, an upload or what a device sent: kept, and counted nowhere',
    load: async () => (await import('./commands/withdraw.ts')).withdrawCommand,
  },
  {
    name: 'restore',
    summary: 'uses again what was withdrawn',
    load: async () => (await import('./commands/withdraw.ts')).restoreCommand,
  },
  {
    name: 'agent',
    summary: 'measures this device and sends what it measured: doctor, profile, upload, run, models',
    load: async () => (await import('#agent/program.ts')).agentProgram,
  },
];

export const program: Program = {
  entries,
  version: manifest.version,
  explain(error, name) {
    if (error instanceof StackError) return { message: `${name}: ${error.message}`, exitCode: exitCodes.failed };
    if (!(error instanceof DomainError)) return undefined;
    const exitCode = error.code === 'invalid-usage' ? exitCodes.usage : exitCodes.failed;
    return { message: `${name}: ${error.code}: ${error.message}`, exitCode };
  },
};
