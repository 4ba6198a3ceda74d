// Which processors a measurement is pinned to: the fastest ones that this process may use, as many as there are
// threads. On parts with fast and slow cores this decides what is measured.
import type { SystemFiles } from './system-files.ts';

/** @returns processor numbers, fastest first and then by number; undefined where it is not known what is allowed or
 * more threads are wanted than there are processors. */
export function chooseCpus(files: SystemFiles, threads: number): number[] | undefined {
  const allowed = allowedCpus(files);
  if (allowed === undefined || allowed.length < threads) return undefined;
  const speed = (cpu: number): number => {
    const path = `sys/devices/system/cpu/cpu${cpu}`;
    return files.number(`${path}/cpu_capacity`) ?? files.number(`${path}/cpufreq/cpuinfo_max_freq`) ?? 0;
  };
  // Highest number first among equals: processor 0 usually serves the interrupts.
  return [...allowed]
    .sort((a, b) => speed(b) - speed(a) || b - a)
    .slice(0, threads)
    .sort((a, b) => a - b);
}

/** Numbers of the processors that this process may use; undefined where the kernel does not say. */
export function allowedCpus(files: SystemFiles): number[] | undefined {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(files.text('proc/self/status') ?? '')?.[1];
  return list === undefined ? undefined : parseCpuList(list);
}

/** `0-3,6` → [0, 1, 2, 3, 6]; anything else → undefined. */
export function parseCpuList(text: string): number[] | undefined {
  const cpus: number[] = [];
  for (const part of text.split(',')) {
    const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (range === null) return undefined;
    const last = Number(range[2] ?? range[1]);
    for (let cpu = Number(range[1]); cpu <= last; cpu++) cpus.push(cpu);
  }
  return cpus;
}
