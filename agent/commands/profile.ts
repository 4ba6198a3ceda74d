// `profile`: measures this device and writes a profile, to a file or into the spool.
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineCommand, type Values } from '#command-line/command.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { text } from '#command-line/values.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { systemFiles } from '../device/system-files.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Journal, openJournal } from '../profile/journal.ts';
import { lostCountersWarning } from '../profile/lost-counters.ts';
import {
  askedDigest,
  type JournalEntry,
  type MeasuredProfile,
  measureProfileOnce,
  type ProfilePlan,
  planIdentity,
} from '../profile/measure-profile.ts';
import { duration, textProgress } from '../profile/progress.ts';
import { startsAnew, whatDiffers } from '../profile/starts-anew.ts';
import { settledText } from '../profile/what-settled.ts';
import { spoolFolder, stateFolder } from '../state-folder.ts';
import { makeFolder, writeAtomically } from '../upload/atomic-file.ts';
import { openSpool } from '../upload/spool.ts';
import { chooseNetworks } from './architectures.ts';
import { commandWords, measuringOptions, serviceOptions, stateOption } from './measuring-options.ts';
import { makePlan } from './plan.ts';
import { isOnnx, standardPlan } from './planned-graphs.ts';
import { sendSpool, serviceOf } from './upload.ts';

const options = {
  ...measuringOptions,
  ...serviceOptions,
  out: {
    value: 'FILE',
    help: 'write the profile there (.gz: compressed) instead of into the spool',
    schema: text.optional(),
  },
  state: stateOption,
};

export const profile = defineCommand({ options, rest: commandWords, run: measureAndKeep });

async function measureAndKeep(
  given: Values<typeof options>,
  terminal: Terminal,
  words: readonly string[],
): Promise<ExitCode> {
  // From here on a stop is an orderly one: what was begun is put away.
  terminal.signal.throwIfAborted();
  const service = given.api !== undefined ? serviceOf(given, terminal) : undefined;
  const state = stateFolder(given.state, terminal.env);
  terminal.say('looking at the device\n');
  const planned = await makePlan(given, systemFiles(), { words, state, signal: terminal.signal, say: terminal.say });
  try {
    // With --standard all of them are measured, and a folder of models has none of them.
    const standard = !given.standard && given.models.every(isOnnx);
    const asked = service === undefined ? undefined : { service, targetId: targetId(planned.target), standard };
    if (service !== undefined && planned.workloads.length > 0) {
      terminal.say('asking the service which networks to measure\n');
    }
    const chosen = await chooseNetworks(given.supportSet, planned.workloads, given.seed, asked);
    const suggested = standardPlan(planned.models).filter(({ id }) => chosen.standard.includes(id));
    const plan = { ...planned, networks: chosen.networks, graphs: [...planned.graphs, ...suggested] };
    const journal = given.out === undefined ? join(state, `${askedDigest(plan)}.partial`) : `${given.out}.partial`;
    if (given.out === undefined) makeFolder(state);
    const measured = await measureWithJournal(plan, journal, terminal);
    const { profile: written } = measured.result;
    if (given.out !== undefined) {
      const text = `${JSON.stringify(written)}\n`;
      writeAtomically(given.out, given.out.endsWith('.gz') ? gzipSync(text) : text);
    } else {
      const spool = openSpool(spoolFolder(state));
      try {
        spool.add(written);
      } finally {
        spool.release();
      }
    }
    measured.forget();
    report(measured.result, terminal);
    terminal.out(`${targetId(written.target)}\n`);
    const { failures, settled, lostCounters } = measured.result;
    const isWhole = failures.length === 0 && settledText(settled) === '' && lostCounters.length === 0;
    if (service !== undefined && given.out === undefined) {
      const sent = await sendSpool(state, service, terminal);
      if (sent !== exitCodes.ok) return sent;
    }
    return isWhole ? exitCodes.ok : exitCodes.limited;
  } finally {
    planned.models.remove();
  }
}

/** @param file what is done so far; `forget` removes it once the profile is safe */
export async function measureWithJournal(
  plan: ProfilePlan,
  file: string,
  terminal: Terminal,
): Promise<{ result: MeasuredProfile; forget: () => void }> {
  // What is wrong with the input size or a folder of models shows before anything is measured.
  for (const [at, workload] of plan.workloads.entries()) {
    const first = plan.networks.find((network) => network.workload === at);
    if (first !== undefined) plan.models.architecture(workload, first.architecture);
  }
  const journal = openJournal<JournalEntry>(file, planIdentity(plan), (value) =>
    value !== null && typeof value === 'object' ? (value as JournalEntry) : undefined,
  );
  const reasons = whyAnew(journal, planIdentity(plan));
  if (reasons.length > 0) terminal.say(startsAnew(file, reasons));
  const progress = textProgress(terminal.say, terminal.isTerminal);
  const ports = { files: systemFiles(), journal, progress, signal: terminal.signal };
  return { result: await measureProfileOnce(plan, ports), forget: journal.remove };
}

function whyAnew({ passedOver }: Journal<JournalEntry>, identity: string): string[] {
  if (passedOver === undefined) return [];
  return passedOver === 'old' ? ['left for longer than a day'] : whatDiffers(identity, passedOver.identity);
}

/** Says on standard error what was measured, what failed and what did not settle. */
export function report(measured: MeasuredProfile, terminal: Terminal): void {
  const { failures, settled, disturbed, builtS } = measured;
  const { measurements, models = [], descriptor } = measured.profile;
  const operators = Object.keys(descriptor?.operators ?? {}).length;
  terminal.say(`${measurements.length + models.length} networks and ${operators} operators measured\n`);
  if (builtS > 0) terminal.say(`${duration(builtS * 1000)} of that went into building engines, which are kept\n`);
  if (failures.length > 0) {
    terminal.say(
      `${failures.length} failed:\n${failures
        .slice(0, 10)
        .map(({ what, reason }) => `  ${what}: ${reason}\n`)
        .join('')}`,
    );
  }
  terminal.say(settledText(settled));
  if (disturbed.length > 0) {
    terminal.say(`${disturbed.length} were measured on a busy or hot device, such as ${disturbed[0]}\n`);
  }
  const warning = lostCountersWarning(measured.lostCounters);
  if (warning !== undefined) terminal.say(warning);
}
