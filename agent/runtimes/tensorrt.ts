// TensorRT through NVIDIA's trtexec, which builds an engine from the ONNX file and times it. Latency is end to end:
// copy in, compute, copy out.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../process/find-program.ts';
import { runProgram } from '../process/run-program.ts';
import { type ExternalProgram, runExternal, unexpectedOutput } from './external-program.ts';
import { fromSamples, type Runtime } from './runtime.ts';
import { expectedTrtexecTimes, parseTrtexecLog, parseTrtexecTimes, trtexecTimesProblem } from './trtexec-output.ts';

/** Where JetPack and the Debian packages put it, off PATH. */
const usualPath = '/usr/src/tensorrt/bin/trtexec';

/** TensorRT through `trtexec`.
 * @param path where it is; default: on PATH, else where JetPack puts it */
export function tensorrt(path?: string): Runtime {
  const program: ExternalProgram = {
    name: 'trtexec',
    hint: `It comes with TensorRT (JetPack: ${usualPath}); name it with --program.`,
    program: path ?? findProgram('trtexec') ?? usualPath,
  };
  return {
    name: 'tensorrt',
    executionProvider: 'tensorrt',
    counts: false,
    modelSuffix: '.onnx',
    heeds: [],
    precisions: ['fp32', 'fp16', 'int8'],
    async detect() {
      const found = findProgram(program.program);
      if (found === undefined) return { found: false, reason: `no program '${program.program}'. ${program.hint}` };
      const { stdout, stderr } = await runProgram([found, '--help'], { timeoutS: 60 });
      return { found: true, version: parseTrtexecLog(stdout + stderr).version, path: found };
    },
    async measure(request) {
      const folder = mkdtempSync(join(tmpdir(), 'sugarbush-trtexec-'));
      try {
        const timesFile = join(folder, 'times.json');
        const { warmUp, sampling } = request.rule;
        const warmUpMs = Math.ceil(Math.min(warmUp.maxMs, 1000));
        const { precision } = request.settings;
        const result = await runExternal(
          program,
          [
            `--onnx=${request.modelPath}`,
            `--exportTimes=${timesFile}`,
            `--warmUp=${warmUpMs}`,
            `--iterations=${sampling.minRuns}`,
            `--duration=${Math.max(1, Math.ceil(sampling.maxMs / 2000))}`,
            ...(precision === 'fp32' ? [] : [`--${precision}`]),
          ],
          request,
        );
        const times = readOrEmpty(timesFile);
        const samplesMs = parseTrtexecTimes(times, warmUpMs);
        const said = result.stdout + result.stderr;
        const log = parseTrtexecLog(said);
        if (samplesMs === undefined) {
          throw unexpectedOutput(program, expectedTrtexecTimes, trtexecTimesProblem(times, warmUpMs), said);
        }
        return {
          ...fromSamples(samplesMs, sampling.tolerance),
          version: log.version,
          ...(log.device === null ? {} : { accelerator: log.device }),
        };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
