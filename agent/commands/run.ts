// `run`: profile and upload on a schedule, but only when something changed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { ApiError, UnreachableError } from '#client/errors.ts';
import { defineCommand, flag, type Values } from '#command-line/command.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { positiveNumber } from '#command-line/values.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { DomainError } from '#core/errors.ts';
import type { Workload } from '#core/search-space/workload.ts';
import { waitForQuiet } from '../device/quiet.ts';
import { systemFiles } from '../device/system-files.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { relativeHalfWidth } from '../measure/stop-rule.ts';
import {
  type Canary,
  type Comparison,
  canarySchema,
  chooseCanaries,
  compareCanaries,
  networkSchema,
} from '../profile/canaries.ts';
import {
  askedDigest,
  type PlannedNetwork,
  type ProfilePlan,
  planDigest,
  requestFor,
} from '../profile/measure-profile.ts';
import { duration } from '../profile/progress.ts';
import type { MeasuredLatency } from '../runtimes/runtime.ts';
import { spoolFolder, stateFolder } from '../state-folder.ts';
import { makeFolder, writeAtomically } from '../upload/atomic-file.ts';
import type { Service } from '../upload/service.ts';
import { openSpool } from '../upload/spool.ts';
import { type Asked, chooseNetworks } from './architectures.ts';
import { commandWords, measuringOptions, serviceOptions, stateOption, workloadOptions } from './measuring-options.ts';
import { makePlan } from './plan.ts';
import { measureWithJournal, report } from './profile.ts';
import { sendSpool, serviceOf } from './upload.ts';

const options = {
  ...measuringOptions,
  // Whether a target has changed its architectures tell.
  searchSpace: workloadOptions.searchSpace,
  standard: flag('measure the standard networks too, from which every network can be predicted'),
  ...serviceOptions,
  every: { value: 'HOURS', help: 'from the end of one round to the next', schema: positiveNumber, default: '24' },
  once: flag('one round, then end'),
  state: stateOption,
};
type RunOptions = Values<typeof options>;
/** With the words behind `--`. */
type RoundOptions = RunOptions & { readonly words: readonly string[] };

export const run = defineCommand({ options, rest: commandWords, run: rounds });

/** The last profile of a plan, as far as the next round needs it. */
const rememberedSchema = z.strictObject({
  networks: z.array(networkSchema).min(1),
  canaries: z.array(canarySchema).min(1),
});
type Remembered = z.infer<typeof rememberedSchema>;

async function rounds(given: RunOptions, terminal: Terminal, words: readonly string[]): Promise<ExitCode> {
  const options = { ...given, words };
  const service = serviceOf(options, terminal);
  const state = stateFolder(options.state, terminal.env);
  makeFolder(state);
  for (;;) {
    const code = options.once
      ? await round(options, state, service, terminal)
      : await roundOrReason(options, state, service, terminal);
    if (options.once || lasting.includes(code)) return code;
    terminal.say(`next round in ${duration(options.every * 3_600_000)}\n`);
    try {
      await sleep(options.every * 3_600_000, undefined, { signal: terminal.signal });
    } catch {
      return exitCodes.stopped;
    }
  }
}

/** A device that is refused stays refused, and a wrong command line wrong; everything else may be better next time. */
const lasting: readonly ExitCode[] = [exitCodes.refused, exitCodes.usage, exitCodes.stopped];

async function roundOrReason(...args: Parameters<typeof round>): Promise<ExitCode> {
  try {
    return await round(...args);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const code = exitCodeOf(error);
    if (lasting.includes(code)) throw error;
    args[3].say(`${error.message}\n`);
    return code;
  }
}

async function round(options: RoundOptions, state: string, service: Service, terminal: Terminal): Promise<ExitCode> {
  const plan = await makePlan(options, systemFiles(), {
    words: options.words,
    state,
    signal: terminal.signal,
    say: terminal.say,
  });
  try {
    const file = join(state, `${planDigest(plan)}.last.json`);
    const remembered = readRemembered(file);
    if (remembered !== undefined) {
      const compared = await measureCanaries(plan, remembered, terminal);
      terminal.say(`${targetId(plan.target)}: ${sentence(compared)}\n`);
      if (compared.verdict !== 'changed') return await sendSpool(state, service, terminal);
    }
    // Whether a target has changed its architectures tell: they are what is asked for.
    const asked = { service, targetId: targetId(plan.target), standard: false };
    const networks = remembered?.networks ?? (await askNetworks(options, plan.workloads, asked, terminal));
    const journal = join(state, `${askedDigest(plan)}.partial`);
    const { result, forget } = await measureWithJournal({ ...plan, networks }, journal, terminal);
    report(result, terminal);
    const spool = openSpool(spoolFolder(state));
    try {
      spool.add(result.profile);
    } finally {
      spool.release();
    }
    // What never settled says little about a change, unless there is nothing else.
    const { measurements } = result.profile;
    const settled = measurements.filter(({ stable }) => stable !== false);
    const medians = (settled.length > 0 ? settled : measurements).map(({ workload, architecture, latency }) => ({
      workload,
      architecture,
      medianMs: latency.medianMs,
      // What is settled has at most this; the next round compares with it.
      halfWidth: plan.rule.sampling.tolerance,
    }));
    const next: Remembered = { networks: [...networks], canaries: chooseCanaries(medians) };
    writeAtomically(file, JSON.stringify(next));
    forget();
    return await sendSpool(state, service, terminal);
  } finally {
    plan.models.remove();
  }
}

/** The network may be away when the first round begins: then the drawn set does. */
async function askNetworks(
  options: RunOptions,
  workloads: readonly Workload[],
  asked: Asked,
  terminal: Terminal,
): Promise<PlannedNetwork[]> {
  try {
    return (await chooseNetworks(options.supportSet, workloads, options.seed, asked)).networks;
  } catch (error) {
    if (!(error instanceof UnreachableError || error instanceof ApiError)) throw error;
    terminal.say(`no support set from the service (${error.message}): a drawn one is measured\n`);
    return (await chooseNetworks(options.supportSet, workloads, options.seed, undefined)).networks;
  }
}

async function measureCanaries(
  plan: Omit<ProfilePlan, 'networks'>,
  remembered: Remembered,
  terminal: Terminal,
): Promise<Comparison> {
  const now: (Canary & { stable: boolean })[] = [];
  for (const { workload, architecture } of remembered.canaries) {
    await waitForQuiet(systemFiles(), plan.quiet, terminal.signal);
    try {
      const request = requestFor(
        plan,
        plan.models.architecture(plan.workloads[workload]!, architecture),
        terminal.signal,
      );
      const measured = await plan.runtime.measure(request);
      const { medianMs } = measured.latency;
      now.push({ workload, architecture, medianMs, halfWidth: halfWidthOf(measured, plan), stable: measured.stable });
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === 'cancelled') throw error;
      terminal.say(`canary ${architecture}: ${error.message}\n`);
    }
  }
  return compareCanaries(remembered.canaries, now);
}

function halfWidthOf(measured: MeasuredLatency, plan: Omit<ProfilePlan, 'networks'>): number {
  const width = measured.samplesMs === undefined ? undefined : relativeHalfWidth(measured.samplesMs);
  return width ?? plan.rule.sampling.tolerance;
}

function sentence(compared: Comparison): string {
  if (compared.verdict === 'unclear') return `${compared.reason}; nothing is sent this time`;
  const ratios = compared.ratios.map((ratio) => ratio.toFixed(3)).join(', ');
  const told = compared.verdict === 'changed' ? 'changed: measuring a new profile' : 'unchanged: nothing to send';
  return `canaries at ${ratios} of the last profile, ${told}`;
}

/** What cannot be read is as if it had never been: the target is measured anew. */
function readRemembered(file: string): Remembered | undefined {
  try {
    return rememberedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
