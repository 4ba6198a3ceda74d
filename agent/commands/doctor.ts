// `doctor`: what this device can deliver and what would improve it; it changes nothing.
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { chooseCpus } from '../device/affinity.ts';
import { systemFiles } from '../device/system-files.ts';
import { examine } from '../doctor/examine.ts';
import { printExamination } from '../doctor/print.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { findPerf } from '../perf/perf-command.ts';
import { probePerf } from '../perf/probe.ts';
import { detectRuntimes } from '../runtimes/registry.ts';

export const doctor = defineCommand({
  options: { json: jsonFlag },
  async run({ json }, terminal): Promise<ExitCode> {
    const perf = await findPerf();
    const files = systemFiles();
    const abilities = perf === undefined ? undefined : await probePerf(perf, chooseCpus(files, 1));
    const examined = examine({ files, perf, abilities, runtimes: await detectRuntimes() });
    terminal.out(json ? `${JSON.stringify(examined, null, 2)}\n` : printExamination(examined));
    if (examined.advice.some((advice) => advice.weight === 'blocking')) return exitCodes.cannotMeasure;
    return examined.advice.length > 0 ? exitCodes.limited : exitCodes.ok;
  },
});
