// `upload`: sends the profiles that wait in the spool and says what the service made of them.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { retryText } from '#client/retry.ts';
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { exposedToken } from '#command-line/token-file.ts';
import { positiveNumber, text } from '#command-line/values.ts';
import type { Profile } from '#core/dataset/profile.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { DomainError } from '#core/errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { spoolFolder, stateFolder } from '../state-folder.ts';
import { type DrainRule, defaultDrainRule, drain, type Outcome } from '../upload/drain.ts';
import { connect, readAccess, type Service } from '../upload/service.ts';
import { openSpool } from '../upload/spool.ts';
import { serviceOptions, stateOption } from './measuring-options.ts';

export const upload = defineCommand({
  options: {
    ...serviceOptions,
    profile: {
      value: 'FILE',
      help: 'put this profile (JSON, or .gz) into the spool first',
      schema: text.optional(),
    },
    wait: {
      value: 'S',
      help: 'longest wait for the verdict on each, in seconds',
      schema: positiveNumber,
      default: String(defaultDrainRule.verdictMs / 1000),
    },
    state: stateOption,
    json: jsonFlag,
  },
  async run(given, terminal): Promise<ExitCode> {
    const service = serviceOf(given, terminal);
    const state = stateFolder(given.state, terminal.env);
    if (given.profile !== undefined) addFile(given.profile, state);
    const rule = { ...defaultDrainRule, verdictMs: given.wait * 1000 };
    const tell = (outcome: Outcome): void => terminal.out(sentence(outcome));
    const outcomes = await drainSpool(state, service, terminal, rule, given.json ? () => undefined : tell);
    if (outcomes.length === 0) terminal.say(`nothing waits in ${spoolFolder(state)}\n`);
    if (given.json) terminal.out(`${JSON.stringify({ profiles: outcomes })}\n`);
    return worstOf(outcomes);
  },
});

/** Says first whether others may read the token, and before each pause why it waits.
 * @throws DomainError `invalid-usage` */
export function serviceOf(options: Parameters<typeof readAccess>[0], terminal: Terminal): Service {
  const access = readAccess(options, terminal.env);
  const warning = options.tokenFile === undefined ? undefined : exposedToken(options.tokenFile);
  if (warning !== undefined) terminal.say(warning);
  return connect({
    ...access,
    signal: terminal.signal,
    onRetry: (retry) => terminal.say(retryText(retry)),
  });
}

function addFile(file: string, state: string): void {
  let profile: Profile;
  try {
    const bytes = readFileSync(file);
    profile = anyProfileSchema.parse(JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new DomainError('invalid-usage', `--profile ${file} is no profile: ${reason.slice(0, 600)}`, { cause });
  }
  const spool = openSpool(spoolFolder(state));
  try {
    spool.add(profile);
  } finally {
    spool.release();
  }
}

/** Sends what waits and prints what became of each. @returns the exit code of the worst outcome */
export async function sendSpool(
  state: string,
  service: Service,
  terminal: Terminal,
  rule: DrainRule = defaultDrainRule,
): Promise<ExitCode> {
  return worstOf(await drainSpool(state, service, terminal, rule, (outcome) => terminal.out(sentence(outcome))));
}

async function drainSpool(
  state: string,
  service: Service,
  terminal: Terminal,
  rule: DrainRule,
  onOutcome: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const spool = openSpool(spoolFolder(state));
  try {
    const onEvent = (event: string): void => terminal.say(`${event}\n`);
    return await drain({ spool, service, rule, onEvent, onOutcome, signal: terminal.signal });
  } finally {
    spool.release();
  }
}

function worstOf(outcomes: readonly Outcome[]): ExitCode {
  if (outcomes.some(({ outcome }) => outcome === 'quarantined')) return exitCodes.quarantined;
  return outcomes.some(({ outcome }) => outcome === 'waiting') ? exitCodes.waiting : exitCodes.ok;
}

function sentence(outcome: Outcome): string {
  const name = outcome.sha256.slice(0, 12);
  const target = outcome.outcome === 'accepted' ? [outcome.targetId] : [];
  const words = [name, outcome.outcome, ...target].filter((word) => word !== undefined).join(' ');
  return `${words}${outcome.reason === undefined ? '' : `: ${outcome.reason}`}\n`;
}
