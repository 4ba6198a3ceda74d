// Where profiles wait until the service has taken them. A profile is one file named by its hash, so that the same one
// is never there twice; beside it stands how far its upload has come. A kill at any point loses nothing: whatever step
// was not written down is done again, and every step may be done again.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import type { Profile } from '#core/dataset/profile.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { DomainError } from '#core/errors.ts';
import { uploadLimits } from '#core/intake/acceptance.ts';
import { cannotWrite, makeFolder, removeDurably, removeTemporaries, writeAtomically } from './atomic-file.ts';

const progressSchema = z.strictObject({
  /** Counts registrations: an address that expired is asked for anew under a new key. */
  attempt: z.int().positive(),
  uploadId: z.string().optional(),
  /** The object is in the store: only the answer is missing. */
  stored: z.boolean().default(false),
});
export type UploadProgress = z.infer<typeof progressSchema>;

export interface Spooled {
  readonly sha256: string;
  readonly body: Uint8Array;
  readonly progress: UploadProgress;
}

export interface Spool {
  /** Durable when it returns. @returns the profile's hash */
  add(profile: Profile): string;
  pending(): Spooled[];
  advance(sha256: string, progress: UploadProgress): void;
  /** Taken: the profile is deleted, a receipt stays. */
  accept(sha256: string, receipt: { uploadId: string; targetId?: string }): void;
  /** Refused: kept with the reason, not sent again. */
  quarantine(sha256: string, reason: string): void;
  release(): void;
}

const profileSuffix = '.json.gz';

/** @throws DomainError `conflict` when another running agent holds the spool */
export function openSpool(folder: string): Spool {
  const done = join(folder, 'accepted');
  const bad = join(folder, 'quarantined');
  for (const path of [folder, done, bad]) makeFolder(path);
  const release = lock(join(folder, 'lock'));
  for (const path of [folder, done, bad]) removeTemporaries(path);
  const profilePath = (sha256: string): string => join(folder, `${sha256}${profileSuffix}`);
  const progressPath = (sha256: string): string => join(folder, `${sha256}.upload.json`);

  function remove(sha256: string): void {
    // The profile last: without it nothing is pending, with it everything can be done again.
    removeDurably(progressPath(sha256));
    removeDurably(profilePath(sha256));
  }

  return {
    add(profile) {
      const body = gzipSync(JSON.stringify(profile));
      if (body.byteLength > uploadLimits.compressedBytes) {
        const most = uploadLimits.compressedBytes;
        throw new DomainError(
          'body-too-large',
          `the profile has ${body.byteLength} bytes compressed; allowed: ${most}`,
        );
      }
      const sha256 = createHash('sha256').update(body).digest('hex');
      const isDone = existsSync(join(done, `${sha256}.json`)) || existsSync(join(bad, `${sha256}${profileSuffix}`));
      if (!isDone) writeAtomically(profilePath(sha256), body);
      return sha256;
    },
    pending() {
      const found: Spooled[] = [];
      for (const name of readdirSync(folder).sort()) {
        const sha256 = /^([0-9a-f]{64})\.json\.gz$/.exec(name)?.[1];
        if (sha256 === undefined) continue;
        if (existsSync(join(done, `${sha256}.json`)) || existsSync(join(bad, `${sha256}.reason.txt`))) {
          remove(sha256); // Killed between the verdict and the clearing away.
          continue;
        }
        const body = readFileSync(profilePath(sha256));
        if (!isProfile(body) || createHash('sha256').update(body).digest('hex') !== sha256) {
          writeAtomically(join(bad, `${sha256}${profileSuffix}`), body);
          writeAtomically(join(bad, `${sha256}.reason.txt`), 'damaged on this device\n');
          remove(sha256);
          continue;
        }
        found.push({ sha256, body, progress: readProgress(progressPath(sha256)) });
      }
      return found;
    },
    advance: (sha256, progress) => writeAtomically(progressPath(sha256), JSON.stringify(progress)),
    accept(sha256, receipt) {
      const acceptedAt = new Date().toISOString();
      writeAtomically(join(done, `${sha256}.json`), `${JSON.stringify({ ...receipt, acceptedAt })}\n`);
      remove(sha256);
    },
    quarantine(sha256, reason) {
      writeAtomically(join(bad, `${sha256}${profileSuffix}`), readFileSync(profilePath(sha256)));
      writeAtomically(join(bad, `${sha256}.reason.txt`), `${reason}\n`);
      remove(sha256);
    },
    release,
  };
}

/** Damaged progress is no progress: the upload starts over, which changes nothing at the service. */
function readProgress(path: string): UploadProgress {
  try {
    return progressSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return { attempt: 1, stored: false };
  }
}

/** Also one of an older version, which waited while the agent was updated. */
function isProfile(body: Uint8Array): boolean {
  try {
    const text = gunzipSync(body, { maxOutputLength: uploadLimits.expandedBytes }).toString('utf8');
    return anyProfileSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** One agent at a time. The lock of an agent that was killed does not hold. */
function lock(path: string): () => void {
  for (let i = 0; ; i++) {
    try {
      writeFileSync(path, `${process.pid} ${lifeOf(process.pid)}`, { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(path, cause);
      const holder = runningHolder(path);
      if (holder !== undefined || i >= 3) {
        throw new DomainError('conflict', `another agent (process ${holder}) is using ${path}`, { cause });
      }
      rmSync(path, { force: true });
    }
  }
}

/** The process that holds the lock, where it still runs. Process ids come again, above all after a restart of the
 * device: only the same id in the same life is the same process. */
function runningHolder(path: string): number | undefined {
  let pid: number;
  let life: string;
  try {
    const [id, ...rest] = readFileSync(path, 'utf8').split(' ');
    pid = Number(id);
    life = rest.join(' ');
  } catch {
    return undefined;
  }
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const now = lifeOf(pid);
  return now !== '' && now === life ? pid : undefined;
}

/** When the process was started, in ticks since which start of the system; empty where there is no such process. */
function lifeOf(pid: number): string {
  try {
    // The name in parentheses may hold anything; field 22 is the 20th after it (proc_pid_stat(5)).
    const started = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[19];
    return `${started} ${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}`;
  } catch {
    return '';
  }
}
