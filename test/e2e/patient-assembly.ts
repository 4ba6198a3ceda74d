// The app's assembly for tests on a busy machine: its functions and its API have ten minutes, not the seconds that are
// right in the cloud. Nothing that these tests show depends on a limit of time.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TimeLimits } from '#functions/shared/time-limits.ts';

const patientS = 600;

/** How long a test waits for what it asks S3 itself. */
export const patientLimits: TimeLimits = { attempts: 10, connectMs: 60_000, attemptMs: 60_000, callMs: 300_000 };

/** Writes the templates of the assembly `from` with long limits into `to`; everything else is linked.
 * @param change of a template's text, after that */
export function patientAssembly(from: string, to: string, change = (text: string): string => text): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (!name.endsWith('.template.json')) {
      symlinkSync(join(from, name), join(to, name));
      continue;
    }
    const patient = readFileSync(join(from, name), 'utf8')
      .replaceAll(/("Timeout": |"FUNCTION_TIMEOUT_S": ")(\d+)/g, (_, member: string, seconds: string) => {
        return `${member}${Math.max(patientS, Number(seconds))}`;
      })
      .replaceAll(/("TimeoutInMillis": )\d+/g, `$1${1000 * patientS}`);
    writeFileSync(join(to, name), change(patient));
  }
}
