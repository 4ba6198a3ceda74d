// What this device can deliver, and what would make it better. Looks only: it changes no setting.
import { release, type as systemType } from 'node:os';
import type { CounterName } from '#core/descriptor/counters.ts';
import type { Valgrind } from '../cachegrind/valgrind.ts';
import { allowedCpus, chooseCpus } from '../device/affinity.ts';
import type { BusyProcess } from '../device/busy-processes.ts';
import { corePmus } from '../device/core-pmu.ts';
import { type Hardware, readHardware } from '../device/hardware.ts';
import { type DeviceState, readState } from '../device/state.ts';
import type { SystemFiles } from '../device/system-files.ts';
import { perfPackage, type SystemKind } from '../device/system-kind.ts';
import type { Perf } from '../perf/perf-command.ts';
import type { EventStatus, PerfAbilities } from '../perf/probe.ts';
import { findProgram } from '../process/find-program.ts';
import type { RuntimeName } from '../runtimes/registry.ts';
import type { Detection } from '../runtimes/runtime.ts';
import { agentVersion } from '../version.ts';
import { isLibraryMismatch } from '../worker/load-module.ts';
import { nameCulprits } from './culprits.ts';
import { type ProgramAnswers, readSurroundings, type Surroundings } from './surroundings.ts';

export interface Examination {
  readonly agent: string;
  readonly system: string;
  readonly hardware: Hardware;
  readonly state: DeviceState;
  readonly counters: {
    readonly pmus: readonly string[];
    readonly perfVersion: string | null;
    /** What a perf that is there and does not start says of it; null: it starts, or there is none. */
    readonly perfSaid: string | null;
    /** perf can switch counters around a region. */
    readonly control: boolean;
    readonly paranoid: number | null;
    readonly status: Readonly<Partial<Record<CounterName, EventStatus>>>;
    /** Hardware counters in sets that run at once without multiplexing, the largest first. */
    readonly sets: readonly (readonly CounterName[])[];
  };
  /** null: none, and no counters without a PMU. */
  readonly valgrindVersion: string | null;
  readonly pinning: { readonly possible: boolean; readonly cpus: readonly number[] };
  readonly runtimes: Readonly<Record<RuntimeName, Detection>>;
  readonly surroundings: Surroundings;
  readonly advice: readonly Advice[];
}

export interface Advice {
  /** `blocking`: nothing can be measured. `limit`: something is missing or the numbers are noisier than they need
   * be. */
  readonly weight: 'blocking' | 'limit';
  readonly about: string;
  readonly text: string;
}

export interface Findings {
  readonly files: SystemFiles;
  readonly perf: Perf | undefined;
  readonly abilities: PerfAbilities | undefined;
  readonly runtimes: Readonly<Record<RuntimeName, Detection>>;
  readonly valgrind?: Valgrind | undefined;
  /** The words of a perf that does not start. */
  readonly perfSaid?: string | undefined;
  readonly answers?: ProgramAnswers;
  /** What else was busy over a moment. */
  readonly busy?: readonly BusyProcess[];
}

/** Everything that doctor says, from what was found on the device. */
export function examine(findings: Findings): Examination {
  const { files, perf, abilities } = findings;
  const cpus = chooseCpus(files, 1);
  const pinning = { possible: cpus !== undefined && findProgram('taskset') !== undefined, cpus: cpus ?? [] };
  const examined = {
    agent: agentVersion,
    system: `${systemType()} ${release()}`,
    hardware: readHardware(files),
    state: readState(files),
    counters: {
      pmus: corePmus(files),
      perfVersion: perf?.version ?? null,
      perfSaid: findings.perfSaid ?? null,
      control: perf?.hasControl ?? false,
      paranoid: files.number('proc/sys/kernel/perf_event_paranoid') ?? null,
      status: abilities?.status ?? {},
      sets: abilities?.sets.map((set) => set.map((event) => event.counter)) ?? [],
    },
    valgrindVersion: findings.valgrind?.version ?? null,
    pinning,
    runtimes: findings.runtimes,
    surroundings: readSurroundings(files, findings.answers, findings.busy),
  };
  return { ...examined, advice: advise(examined, allowedCpus(files)?.length) };
}

/** What would make measurements possible or better, the most important first.
 * @param processors that this process may use; undefined: not known */
export function advise(examined: Omit<Examination, 'advice'>, processors?: number): Advice[] {
  const advice: Advice[] = [];
  const limit = (about: string, text: string): void => void advice.push({ weight: 'limit', about, text });
  const { hardware, state, surroundings } = examined;
  const runtimeAdvice = adviseOnRuntimes(examined.runtimes, surroundings.kind);
  if (runtimeAdvice !== undefined) advice.push(runtimeAdvice);
  for (const { about, text } of nameCulprits(surroundings, processors ?? hardware.cores ?? undefined)) {
    limit(about, text);
  }
  adviseOnCounters(examined, limit);
  if (state.governor !== null && state.governor !== 'performance') {
    const text = `the frequency governor is '${state.governor}'. Steadier until the next restart: sudo cpupower frequency-set -g performance`;
    limit('governor', text);
  }
  if (state.turbo === true) {
    limit(
      'turbo',
      'turbo is on: short runs are faster than long ones. Turning it off makes latencies steadier and longer.',
    );
  }
  const cores = hardware.cores ?? 1;
  if (state.load1 !== null && state.load1 > 0.3 * cores) {
    const running = surroundings.running.map(({ name, kind }) => `${name}, a ${kind}`).slice(0, 4);
    const what = running.length === 0 ? 'what else is running' : `what else is running (${running.join('; ')})`;
    limit('load', `the load is ${state.load1} on ${cores} processors: stop ${what}, or measure later.`);
  }
  if (state.temperatureC !== null && state.throttleC !== null && state.temperatureC > state.throttleC - 10) {
    limit(
      'temperature',
      `${state.temperatureC} °C, slows down at ${state.throttleC} °C: cool it, or pause longer with --cool-down.`,
    );
  }
  if (state.temperatureC !== null && state.throttleC === null && state.temperatureC >= hotC) {
    limit(
      'temperature',
      `${state.temperatureC} °C, and the kernel does not say where it slows down; most boards do from ${hotC} °C on: ` +
        'cool it, or pause longer with --cool-down.',
    );
  }
  if (hardware.availableMemoryBytes !== null && hardware.availableMemoryBytes < 400 * 2 ** 20) {
    const mib = Math.round(hardware.availableMemoryBytes / 2 ** 20);
    limit('memory', `${mib} MiB of memory are free; measuring wants about 400 MiB.`);
  }
  if (!examined.pinning.possible) {
    limit('pinning', 'processes cannot be pinned to processors: install taskset (Debian and Ubuntu: util-linux).');
  }
  return advice;
}

/** Where a Raspberry Pi begins to slow down; others do at 85 to 100 °C. */
const hotC = 80;

function adviseOnRuntimes(runtimes: Examination['runtimes'], { isMusl }: SystemKind): Advice | undefined {
  const weight = Object.values(runtimes).some((detection) => detection.found) ? 'limit' : 'blocking';
  const { onnxruntime } = runtimes;
  if (!onnxruntime.found && (isMusl || isLibraryMismatch(onnxruntime.reason))) {
    const library = isMusl ? 'this system has musl, for which' : 'the C library of this system is one for which';
    const text =
      `${library} onnxruntime-node has no build. What works here: npm install onnxruntime-web, then --runtime ` +
      'onnxruntime-web; or an image with a current glibc, such as node:24-slim.';
    return { weight, about: 'runtimes', text };
  }
  if (weight === 'limit') return undefined;
  const text = 'no runtime found. On x86-64 and 64-bit ARM: npm install onnxruntime-node';
  return { weight, about: 'runtimes', text };
}

function adviseOnCounters(
  { counters, hardware, valgrindVersion, surroundings: { kind } }: Omit<Examination, 'advice'>,
  limit: (about: string, text: string) => void,
): void {
  if (counters.perfVersion === null) {
    const said = counters.perfSaid === null ? '' : ` (perf says: ${counters.perfSaid})`;
    limit('perf', `no working perf: no counters${said}. ${perfPackage(kind, counters.perfSaid ?? '')}`);
    return;
  }
  if (!counters.control) {
    limit('perf', `perf ${counters.perfVersion} cannot switch counters around a region (since 5.8): no counters.`);
  }
  const forbidden = Object.values(counters.status).filter((status) => status === 'not permitted').length;
  if (forbidden > 0) {
    const level = counters.paranoid === null ? '' : ` (perf_event_paranoid is ${counters.paranoid})`;
    limit(
      'permission',
      `${forbidden} counters are not permitted${level}. Best: sudo setcap cap_perfmon=ep $(readlink -f $(command -v perf)); or until the next restart: sudo sysctl kernel.perf_event_paranoid=${(counters.paranoid ?? 3) > 2 ? 2 : 1}`,
    );
  }
  const notCounted = Object.values(counters.status).filter((status) => status === 'not counted').length;
  if (notCounted > 0) {
    const where = `${counters.pmus.length > 1 ? `kinds of cores: ${counters.pmus.join(', ')}; ` : ''}try --no-pin`;
    limit('counters', `perf knows ${notCounted} counters but counts none of them where measurements run (${where}).`);
  }
  if (counters.pmus.length === 0) {
    const why = kind.isWsl
      ? 'WSL2 passes none on by default.'
      : hardware.isVirtualMachine
        ? 'this virtual machine has no PMU. Its host can pass one through (KVM: -cpu host,pmu=on).'
        : 'the kernel knows no PMU of this processor (on a board: its device tree may lack the pmu node).';
    const instead = valgrindVersion === null ? '' : ' valgrind counts instructions instead: --count-with cachegrind.';
    const told = `no hardware counters: ${why} Latencies and software counters are measured all the same.${instead}`;
    limit('counters', told);
  }
  if (counters.sets.length > 1) {
    const sizes = counters.sets.map((set) => set.length).join(' + ');
    limit(
      'counters',
      `not all hardware counters fit at once (${sizes}): each operator is run ${counters.sets.length} times.`,
    );
  }
}
