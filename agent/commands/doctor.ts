// `doctor`: what this device can deliver and what would improve it; it changes nothing.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { findValgrind } from '../cachegrind/valgrind.ts';
import { chooseCpus } from '../device/affinity.ts';
import { type BusyProcess, busyBetweenReadings, processTimes } from '../device/busy-processes.ts';
import { corePmus } from '../device/core-pmu.ts';
import { nvidiaSmiArguments } from '../device/nvidia-smi.ts';
import { type SystemFiles, systemFiles } from '../device/system-files.ts';
import { examine } from '../doctor/examine.ts';
import { printExamination } from '../doctor/print.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { findPerf, whyNoPerf } from '../perf/perf-command.ts';
import { probePerf } from '../perf/probe.ts';
import { findProgram } from '../process/find-program.ts';
import { runProgram } from '../process/run-program.ts';
import { detectRuntimes } from '../runtimes/registry.ts';

export const doctor = defineCommand({
  options: { json: jsonFlag },
  async run({ json }, terminal): Promise<ExitCode> {
    const files = systemFiles();
    // First of all: what doctor itself does would show among what is busy.
    const busy = await watchProcesses(files);
    const perf = await findPerf();
    const perfSaid = perf === undefined ? await whyNoPerf() : undefined;
    const abilities = perf === undefined ? undefined : await probePerf(perf, chooseCpus(files, 1), corePmus(files));
    const examined = examine({
      ...{ files, perf, perfSaid, abilities, busy },
      valgrind: await findValgrind(),
      runtimes: await detectRuntimes(),
      answers: {
        vcgencmd: await answerOf('vcgencmd', ['get_throttled']),
        nvidiaSmi: await answerOf('nvidia-smi', nvidiaSmiArguments),
      },
    });
    terminal.out(json ? `${JSON.stringify(examined, null, 2)}\n` : printExamination(examined));
    if (examined.advice.some((advice) => advice.weight === 'blocking')) return exitCodes.cannotMeasure;
    return examined.advice.length > 0 ? exitCodes.limited : exitCodes.ok;
  },
});

/** Long enough for a program that wakes up a few times a second. */
const watchMs = 1000;

async function watchProcesses(files: SystemFiles): Promise<BusyProcess[]> {
  const isOwn = (pid: number): boolean => pid === process.pid;
  const startMs = performance.now();
  const before = processTimes(files, isOwn);
  await sleep(watchMs);
  return busyBetweenReadings(before, processTimes(files, isOwn), (performance.now() - startMs) / 1000);
}

/** What a program of the device prints; undefined where there is none, or it fails. */
async function answerOf(program: string, args: readonly string[]): Promise<string | undefined> {
  const path = findProgram(program);
  if (path === undefined) return undefined;
  const { exitCode, stdout } = await runProgram([path, ...args], { timeoutS: 10 });
  return exitCode === 0 ? stdout : undefined;
}
