// What this device can deliver, and what would make it better. Looks only: it changes no setting.
import { release, type as systemType } from 'node:os';
import type { CounterName } from '#core/descriptor/counters.ts';
import { chooseCpus } from '../device/affinity.ts';
import { corePmus } from '../device/core-pmu.ts';
import { type Hardware, readHardware } from '../device/hardware.ts';
import { type DeviceState, readState } from '../device/state.ts';
import type { SystemFiles } from '../device/system-files.ts';
import type { Perf } from '../perf/perf-command.ts';
import type { EventStatus, PerfAbilities } from '../perf/probe.ts';
import { findProgram } from '../process/find-program.ts';
import type { RuntimeName } from '../runtimes/registry.ts';
import type { Detection } from '../runtimes/runtime.ts';
import { agentVersion } from '../version.ts';

export interface Examination {
  readonly agent: string;
  readonly system: string;
  readonly hardware: Hardware;
  readonly state: DeviceState;
  readonly counters: {
    readonly pmus: readonly string[];
    readonly perfVersion: string | null;
    /** perf can switch counters around a region. */
    readonly control: boolean;
    readonly paranoid: number | null;
    readonly status: Readonly<Partial<Record<CounterName, EventStatus>>>;
    /** Hardware counters in sets that run at once without multiplexing, the largest first. */
    readonly sets: readonly (readonly CounterName[])[];
  };
  readonly pinning: { readonly possible: boolean; readonly cpus: readonly number[] };
  readonly runtimes: Readonly<Record<RuntimeName, Detection>>;
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
      control: perf?.hasControl ?? false,
      paranoid: files.number('proc/sys/kernel/perf_event_paranoid') ?? null,
      status: abilities?.status ?? {},
      sets: abilities?.sets.map((set) => set.map((event) => event.counter)) ?? [],
    },
    pinning,
    runtimes: findings.runtimes,
  };
  return { ...examined, advice: advise(examined) };
}

/** What would make measurements possible or better, the most important first. */
export function advise(examined: Omit<Examination, 'advice'>): Advice[] {
  const advice: Advice[] = [];
  const limit = (about: string, text: string): void => void advice.push({ weight: 'limit', about, text });
  const { hardware, state, counters } = examined;
  if (!Object.values(examined.runtimes).some((detection) => detection.found)) {
    const text = 'no runtime found. On x86-64 and 64-bit ARM: npm install onnxruntime-node';
    advice.push({ weight: 'blocking', about: 'runtimes', text });
  }
  adviseOnCounters(counters, hardware, limit);
  if (state.governor !== null && state.governor !== 'performance') {
    const text =
      `the frequency governor is '${state.governor}'. Steadier until the next restart: sudo cpupower ` +
      'frequency-set -g performance';
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
    limit('load', `the load is ${state.load1} on ${cores} processors: stop what else is running, or measure later.`);
  }
  if (state.temperatureC !== null && state.throttleC !== null && state.temperatureC > state.throttleC - 10) {
    limit(
      'temperature',
      `${state.temperatureC} °C, slows down at ${state.throttleC} °C: cool it, or pause longer with --cool-down.`,
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

function adviseOnCounters(
  counters: Examination['counters'],
  hardware: Hardware,
  limit: (about: string, text: string) => void,
): void {
  if (counters.perfVersion === null) {
    limit('perf', 'no working perf: no counters. Debian: sudo apt install linux-perf; Ubuntu: linux-tools-$(uname -r)');
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
      `${forbidden} counters are not permitted${level}. Best: sudo setcap cap_perfmon=ep $(readlink -f ` +
        '$(command -v perf)); or until the next restart: sudo sysctl ' +
        `kernel.perf_event_paranoid=${(counters.paranoid ?? 3) > 2 ? 2 : 1}`,
    );
  }
  const notCounted = Object.values(counters.status).filter((status) => status === 'not counted').length;
  if (notCounted > 0) {
    const where = `${counters.pmus.length > 1 ? `kinds of cores: ${counters.pmus.join(', ')}; ` : ''}try --no-pin`;
    limit('counters', `perf knows ${notCounted} counters but counts none of them where measurements run (${where}).`);
  }
  if (counters.pmus.length === 0) {
    const why = hardware.isVirtualMachine
      ? 'this virtual machine has no PMU. Its host can pass one through (KVM: -cpu host,pmu=on).'
      : 'the kernel knows no PMU of this processor (on a board: its device tree may lack the pmu node).';
    limit('counters', `no hardware counters: ${why} Latencies and software counters are measured all the same.`);
  }
  if (counters.sets.length > 1) {
    const sizes = counters.sets.map((set) => set.length).join(' + ');
    limit(
      'counters',
      `not all hardware counters fit at once (${sizes}): each operator is run ${counters.sets.length} times.`,
    );
  }
}
