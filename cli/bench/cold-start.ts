// Cold start of the predict function, in a process of its own each time: until the process runs JavaScript, until the
// native library is loaded, until a session exists, until the first answer of the bundled handler.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BundledPredict } from './bundled-predict.ts';
import { type Timing, timingOf } from './statistics.ts';

export interface ColdStartResult {
  /** spawn → first statement of the process. */
  readonly process: Timing;
  /** require('onnxruntime-node'). */
  readonly library: Timing;
  /** InferenceSession of predictor.onnx. */
  readonly session: Timing;
  /** Import of the bundle and one request, in a process that has loaded nothing before. */
  readonly firstAnswer: Timing;
  /** Spawn → first answer. */
  readonly total: Timing;
}

const rounds = 10;
const probe = fileURLToPath(new URL('./cold-start-probe.mjs', import.meta.url));

/** Times fresh processes from their start to the answer of a first prediction. */
export async function benchColdStart(deployed: BundledPredict): Promise<ColdStartResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'sugarbush-cold-'));
  try {
    const model = join(scratch, 'predictor.onnx');
    const event = join(scratch, 'event.json');
    writeFileSync(model, deployed.bundle.onnx);
    writeFileSync(event, JSON.stringify(deployed.event(deployed.architectures.slice(0, 1))));
    const runs = { process: [], library: [], session: [], firstAnswer: [], total: [] } as Record<
      keyof ColdStartResult,
      number[]
    >;
    for (let round = 0; round < rounds; round++) {
      const library = await run(deployed, ['library', model]);
      const answer = await run(deployed, ['answer', `${deployed.codeFolder}/index.mjs`, event]);
      runs.process.push(answer['startedMs']!);
      runs.library.push(library['libraryMs']!);
      runs.session.push(library['sessionMs']!);
      runs.firstAnswer.push(answer['answerMs']!);
      runs.total.push(answer['startedMs']! + answer['answerMs']!);
    }
    return {
      process: timingOf(runs.process),
      library: timingOf(runs.library),
      session: timingOf(runs.session),
      firstAnswer: timingOf(runs.firstAnswer),
      total: timingOf(runs.total),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(deployed: BundledPredict, args: readonly string[]): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', ...deployed.environment, SPAWNED_AT_MS: String(now()) };
    const child = spawn(process.execPath, [probe, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const last = output.trim().split('\n').at(-1) ?? '';
      if (code === 0) resolve(JSON.parse(last) as Record<string, number>);
      else reject(new Error(`the cold start probe ended with ${code}: ${output}`));
    });
  });
}

const now = (): number => performance.timeOrigin + performance.now();

/** The times of cold starts as lines for a terminal. */
export function coldStartTable(result: ColdStartResult): string {
  const ms = ({ medianMs, spreadMs, samples }: Timing): string =>
    `${medianMs.toFixed(0)} ± ${spreadMs.toFixed(0)} ms (${samples} processes)`;
  return [
    `process until JavaScript   ${ms(result.process)}`,
    `onnxruntime library        ${ms(result.library)}`,
    `session                    ${ms(result.session)}`,
    `bundle + first answer      ${ms(result.firstAnswer)}`,
    `spawn to first answer      ${ms(result.total)}`,
  ].join('\n');
}
