// sugarbush-agent upload
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { profileSchema } from '#core/dataset/profile.ts';
import { DomainError } from '#core/errors.ts';
import { type CommandSpec, parseOptions, positiveNumber } from '../command-line.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { spoolFolder, stateFolder } from '../state-folder.ts';
import { type DrainRule, defaultDrainRule, drain, type Outcome } from '../upload/drain.ts';
import { connect, readAccess, type Service } from '../upload/service.ts';
import { openSpool } from '../upload/spool.ts';
import { serviceOptions, serviceShape } from './measuring-options.ts';
import type { Terminal } from './terminal.ts';

export const uploadSpec: CommandSpec = {
  summary: 'sends the profiles that wait in the spool and says what the service made of them',
  options: {
    ...serviceOptions,
    profile: { value: 'FILE', help: 'put this profile (JSON, or .gz) into the spool first' },
    wait: { value: 'S', help: 'longest wait for the verdict on each; default 120' },
    state: { value: 'FOLDER', help: 'where the spool is; default $SUGARBUSH_STATE or ~/.local/state/sugarbush-agent' },
  },
};

const schema = z.strictObject({
  ...serviceShape,
  profile: z.string().min(1).optional(),
  wait: positiveNumber.default(defaultDrainRule.verdictMs / 1000),
  state: z.string().min(1).optional(),
});

export async function upload(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const options = parseOptions(args, uploadSpec, schema);
  const service = serviceOf(options, terminal);
  const state = stateFolder(options.state, terminal.env);
  if (options.profile !== undefined) addFile(options.profile, state);
  return await sendSpool(state, service, terminal, { ...defaultDrainRule, verdictMs: options.wait * 1000 });
}

/** Says before each pause why it waits. @throws DomainError `invalid-usage` */
export function serviceOf(options: Parameters<typeof readAccess>[0], terminal: Terminal): Service {
  return connect({
    ...readAccess(options, terminal.env),
    signal: terminal.signal,
    onRetry: ({ error, pauseMs }) => terminal.say(`${error.message}; again in ${(pauseMs / 1000).toFixed(1)} s\n`),
  });
}

function addFile(file: string, state: string): void {
  let profile: z.infer<typeof profileSchema>;
  try {
    const bytes = readFileSync(file);
    profile = profileSchema.parse(JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 300) : String(cause);
    throw new DomainError('invalid-usage', `--profile ${file} is no profile: ${reason}`, { cause });
  }
  const spool = openSpool(spoolFolder(state));
  try {
    spool.add(profile);
  } finally {
    spool.release();
  }
}

/** Sends what waits. @returns the exit code of the worst outcome */
export async function sendSpool(
  state: string,
  service: Service,
  terminal: Terminal,
  rule: DrainRule = defaultDrainRule,
): Promise<ExitCode> {
  const spool = openSpool(spoolFolder(state));
  try {
    const outcomes = await drain({
      spool,
      service,
      rule,
      onEvent: (text) => terminal.say(`${text}\n`),
      onOutcome: (outcome) => terminal.out(sentence(outcome)),
      signal: terminal.signal,
    });
    if (outcomes.some(({ outcome }) => outcome === 'quarantined')) return exitCodes.quarantined;
    return outcomes.some(({ outcome }) => outcome === 'waiting') ? exitCodes.waiting : exitCodes.ok;
  } finally {
    spool.release();
  }
}

function sentence(outcome: Outcome): string {
  const name = outcome.sha256.slice(0, 12);
  const target = outcome.outcome === 'accepted' ? [outcome.targetId] : [];
  const words = [name, outcome.outcome, ...target].filter((word) => word !== undefined).join(' ');
  return `${words}${outcome.reason === undefined ? '' : `: ${outcome.reason}`}\n`;
}
