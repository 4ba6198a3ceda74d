// Synthesises the CDK app into .build/cdk/{hash of everything it depends on}: nothing is done twice. The embedded stack
// runs what lies there. As a command (`node scripts/synth.ts`): synthesises, with cdk-nag's rules, and says where to.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { StackError } from '#stack/stack-error.ts';
import { buildOnnxruntimeLayer } from '../layers/build-onnxruntime.ts';
import { checkPackageSizes } from './package-size.ts';

export interface Synthesis {
  /** The cloud assembly. */
  readonly folder: string;
  /** False where it was there already. */
  readonly fresh: boolean;
}

/** Everything that goes into the assembly: the app itself, the functions and what they bundle. */
export const assemblyInputs = [
  ...['infra', 'functions', 'core', 'contract', 'report', 'layers'],
  ...['package.json', 'package-lock.json', 'tsconfig.json'],
];

/** Assemblies kept beside the newest: a running stack may still load from an older one. */
const kept = 3;

const root = fileURLToPath(new URL('..', import.meta.url));

/** @throws StackError with the app's own message when it does not synthesise; an AbortError when `signal` aborts. */
export async function synthesise(options: { readonly signal?: AbortSignal } = {}): Promise<Synthesis> {
  const parent = join(root, '.build', 'cdk');
  const folder = join(parent, hashOf(assemblyInputs.map((each) => join(root, each))));
  if (existsSync(folder)) return { folder, fresh: false };
  buildOnnxruntimeLayer();
  mkdirSync(parent, { recursive: true });
  const scratch = `${folder}.${process.pid}`;
  rmSync(scratch, { recursive: true, force: true });
  try {
    await promisify(execFile)(process.execPath, [join(root, 'infra', 'app.ts')], {
      cwd: root,
      env: { ...process.env, CDK_OUTDIR: scratch },
      ...options,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    rmSync(scratch, { recursive: true, force: true });
    if (options.signal?.aborted) throw cause;
    throw new StackError(`the CDK app does not synthesise:\n${stdout}${stderr}`, { cause });
  }
  try {
    checkPackageSizes(scratch);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    throw error;
  }
  try {
    renameSync(scratch, folder);
  } catch (error) {
    // Another process was faster with the same assembly.
    rmSync(scratch, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  prune(parent);
  return { folder, fresh: true };
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths) {
    if (!existsSync(path)) continue;
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
      : [path];
    for (const file of files) {
      const content = readFileSync(file);
      hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex').slice(0, 32);
}

function prune(parent: string): void {
  const folders = readdirSync(parent)
    .map((name) => join(parent, name))
    .map((path) => ({ path, modifiedMs: statSync(path).mtimeMs }))
    .sort((a, b) => b.modifiedMs - a.modifiedMs);
  for (const { path } of folders.slice(kept)) rmSync(path, { recursive: true, force: true });
}

if (import.meta.main) {
  const started = performance.now();
  try {
    const { folder, fresh } = await synthesise();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(fresh ? `synthesised in ${seconds} s: ${folder}` : `nothing changed: ${folder}`);
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
