// The PMU behind generic events such as `cycles`: the kernel's name for it, where there is exactly one.
import type { SystemFiles } from './system-files.ts';

/** `cpu` on x86, `armv8_cortex_a76` and the like on ARM; undefined without a PMU or with several (hybrid parts, whose
 * events carry the name themselves). */
export function corePmu(files: SystemFiles): string | undefined {
  const names = corePmus(files);
  return names.length === 1 ? names[0] : undefined;
}

/** Names of the processors' own performance monitoring units; empty in most virtual machines. */
export function corePmus(files: SystemFiles): string[] {
  return files
    .list('sys/bus/event_source/devices')
    .filter((name) => /^(cpu(_[a-z]+)?|armv\d+_\w+|apple_\w+_pmu)$/.test(name));
}
