// sugarbush-agent profile
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { targetDigest, targetId } from '#core/dataset/target-id.ts';
import { type CommandSpec, parseOptions } from '../command-line.ts';
import { systemFiles } from '../device/system-files.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { openJournal } from '../profile/journal.ts';
import {
  type JournalEntry,
  type MeasuredProfile,
  measureProfileOnce,
  type ProfilePlan,
  planIdentity,
} from '../profile/measure-profile.ts';
import { textProgress } from '../profile/progress.ts';
import { spoolFolder, stateFolder } from '../state-folder.ts';
import { makeFolder, writeAtomically } from '../upload/atomic-file.ts';
import { openSpool } from '../upload/spool.ts';
import { chooseArchitectures } from './architectures.ts';
import { measuringOptions, measuringShape, serviceOptions, serviceShape } from './measuring-options.ts';
import { makePlan } from './plan.ts';
import type { Terminal } from './terminal.ts';
import { sendSpool, serviceOf } from './upload.ts';

export const profileSpec: CommandSpec = {
  summary: 'measures this device and writes a profile, to a file or into the spool',
  options: {
    ...measuringOptions,
    ...serviceOptions,
    out: { value: 'FILE', help: 'write the profile there (.gz: compressed) instead of into the spool' },
    state: { value: 'FOLDER', help: 'where the spool is; default $SUGARBUSH_STATE or ~/.local/state/sugarbush-agent' },
  },
};

const schema = z.strictObject({
  ...measuringShape,
  ...serviceShape,
  out: z.string().min(1).optional(),
  state: z.string().min(1).optional(),
});

export async function profile(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const options = parseOptions(args, profileSpec, schema);
  const hasService = options.api !== undefined || terminal.env['SUGARBUSH_API'] !== undefined;
  const service = hasService ? serviceOf(options, terminal) : undefined;
  const planned = await makePlan(options, systemFiles());
  try {
    const asked = service === undefined ? undefined : { service, targetId: targetId(planned.target) };
    const architectures = await chooseArchitectures(options.supportSet, options.searchSpace, options.seed, asked);
    const plan = { ...planned, architectures };
    const state = stateFolder(options.state, terminal.env);
    const journal =
      options.out === undefined ? join(state, `${targetDigest(plan.target)}.partial`) : `${options.out}.partial`;
    if (options.out === undefined) makeFolder(state);
    const measured = await measureWithJournal(plan, journal, terminal);
    const { profile: written } = measured.result;
    if (options.out !== undefined) {
      const text = `${JSON.stringify(written)}\n`;
      writeAtomically(options.out, options.out.endsWith('.gz') ? gzipSync(text) : text);
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
    const isWhole = measured.result.failures.length === 0 && measured.result.unstable.length === 0;
    if (service !== undefined && options.out === undefined) {
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
  plan.models.architecture(plan.architectures[0]!);
  const journal = openJournal<JournalEntry>(file, planIdentity(plan), (value) =>
    value !== null && typeof value === 'object' ? (value as JournalEntry) : undefined,
  );
  const progress = textProgress(terminal.say, terminal.isTerminal);
  const ports = { files: systemFiles(), journal, progress, signal: terminal.signal };
  return { result: await measureProfileOnce(plan, ports), forget: journal.remove };
}

export function report({ profile: written, failures, unstable, disturbed }: MeasuredProfile, terminal: Terminal): void {
  const { measurements, descriptor } = written;
  const operators = Object.keys(descriptor?.operators ?? {}).length;
  terminal.say(`${measurements.length} networks and ${operators} operators measured\n`);
  if (failures.length > 0) {
    terminal.say(
      `${failures.length} failed:\n${failures
        .slice(0, 10)
        .map(({ what, reason }) => `  ${what}: ${reason}\n`)
        .join('')}`,
    );
  }
  if (unstable.length > 0) {
    terminal.say(`${unstable.length} never settled and are marked so, such as ${unstable[0]}\n`);
  }
  if (disturbed.length > 0) {
    terminal.say(`${disturbed.length} were measured on a busy or hot device, such as ${disturbed[0]}\n`);
  }
}
