// What a timing means nothing without: the machine and how busy it was.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

export interface MachineContext {
  readonly schemaVersion: 1;
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  /** undefined where the kernel does not say (virtual machines). */
  readonly governor: string | undefined;
  readonly load1: number;
  readonly node: string;
  readonly onnxruntime: string;
}

/** What the machine is and how busy it was: a number without it says little. */
export function machineContext(): MachineContext {
  return {
    schemaVersion: 1,
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    governor: governor(),
    load1: loadavg()[0]!,
    node: process.version,
    onnxruntime: versionOf('onnxruntime-node'),
  };
}

function governor(): string | undefined {
  try {
    return readFileSync('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'utf8').trim();
  } catch {
    return undefined;
  }
}

function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
