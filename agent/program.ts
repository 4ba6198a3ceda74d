// The commands of the agent, and how their errors are told: `sugarbush-agent` on a device, `sugarbush agent` beside the
// service's own commands.
import type { Entry, Program } from '#command-line/program.ts';
import { DomainError } from '#core/errors.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { agentVersion } from './version.ts';

const entries: readonly Entry[] = [
  {
    name: 'doctor',
    summary: 'says what this device can deliver and what would improve it; changes nothing',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'profile',
    summary: 'measures this device and writes a profile, to a file or into the spool',
    load: async () => (await import('./commands/profile.ts')).profile,
  },
  {
    name: 'upload',
    summary: 'sends the profiles that wait in the spool and says what the service made of them',
    load: async () => (await import('./commands/upload.ts')).upload,
  },
  {
    name: 'run',
    summary: 'profiles and uploads on a schedule; measures three canaries first and sends nothing when nothing changed',
    load: async () => (await import('./commands/run.ts')).run,
  },
  {
    name: 'models',
    summary: 'writes the networks as ONNX files with an index, to be converted for another runtime',
    load: async () => (await import('./commands/models.ts')).models,
  },
];

export const agentProgram: Program = {
  entries,
  version: agentVersion,
  /** One line for what the person can act on; the whole trace only for a fault of the agent. */
  explain(error, name) {
    if (error instanceof DomainError) return { message: `${name}: ${error.message}`, exitCode: exitCodeOf(error) };
    if (error instanceof Error && error.name === 'AbortError') {
      return { message: `${name}: stopped`, exitCode: exitCodes.stopped };
    }
    return undefined;
  },
};
