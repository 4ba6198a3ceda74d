// The examination in a person's words.
import type { Detection } from '../runtimes/runtime.ts';
import type { Examination } from './examine.ts';
import type { Surroundings } from './surroundings.ts';

/** An examination as text for a terminal. */
export function printExamination(examined: Examination): string {
  const { hardware, state, counters } = examined;
  const or = (value: string | number | null, unit = ''): string => (value === null ? 'not known' : `${value}${unit}`);
  const mib = (bytes: number | null): string => (bytes === null ? 'not known' : `${Math.round(bytes / 2 ** 20)} MiB`);
  const lines: string[] = [
    examined.agent,
    '',
    'Device',
    row('model', [hardware.vendor, hardware.model].filter((text) => text !== null).join(' ')),
    row(
      'processor',
      `${or(hardware.cpu)}, ${or(hardware.cores)} processors${hardware.isVirtualMachine ? ', virtual machine' : ''}`,
    ),
    row('memory', `${mib(hardware.memoryBytes)}, ${mib(hardware.availableMemoryBytes)} free`),
    row('system', examined.system),
    row(
      'frequency',
      `${or(state.frequencyMhz, ' MHz')}, at most ${or(state.maxFrequencyMhz, ' MHz')}, governor ${or(state.governor)}`,
    ),
    row('turbo', state.turbo === null ? 'not known' : state.turbo ? 'on' : 'off'),
    row('load', or(state.load1)),
    ...surroundingRows(examined.surroundings),
    row('temperature', `${or(state.temperatureC, ' °C')}, limit at which it slows down ${or(state.throttleC, ' °C')}`),
    row('pinning', examined.pinning.possible ? `to processor ${examined.pinning.cpus.join(', ')}` : 'not possible'),
    '',
    'Counters',
    row('perf', counters.perfVersion ?? 'not found'),
    row('valgrind', examined.valgrindVersion ?? 'not found'),
    row('PMU', counters.pmus.join(', ') || 'none'),
    row('perf_event_paranoid', or(counters.paranoid)),
    ...Object.entries(counters.status).map(([name, status]) => row(name, status)),
    row(
      'at once',
      counters.sets.length === 0 ? 'no hardware counters' : counters.sets.map((set) => set.join(', ')).join(' | '),
    ),
    '',
    'Runtimes',
    ...Object.entries(examined.runtimes).map(([name, detection]) => row(name, runtimeText(detection))),
    '',
    examined.advice.length === 0 ? 'Nothing to improve.' : 'To improve',
    ...examined.advice.map(({ weight, text }) => `  ${weight === 'blocking' ? '!' : '-'} ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(22)}${value}`;
}

/** Only what is there: most devices have none of it. */
function surroundingRows({ powerMode, gpus, cpuQuota }: Surroundings): string[] {
  const mode = powerMode === null ? undefined : (powerMode.name ?? powerMode.id ?? 'not known');
  return [
    ...(mode === undefined ? [] : [row('NVIDIA power mode', String(mode))]),
    ...gpus.map(({ name, maxMhz }) => row('GPU', `${name}${maxMhz === null ? '' : `, at most ${maxMhz} MHz`}`)),
    ...(cpuQuota === null ? [] : [row('CPU quota', `${Number(cpuQuota.cpus.toFixed(2))} processors`)]),
  ];
}

function runtimeText(detection: Detection): string {
  if (!detection.found) return `not found: ${detection.reason.split('\n')[0]}`;
  return [detection.version ?? 'version not known', detection.path].filter((text) => text !== undefined).join(', ');
}
