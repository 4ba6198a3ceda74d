// A limit of processor time, as containers and services have it: within each period a process may use so much, and is
// stopped for the rest. Sources: Linux, admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (version 1).
import type { SystemFiles } from './system-files.ts';

export interface CpuQuota {
  /** In whole processors: 1.5 is one and a half. */
  readonly cpus: number;
  /** Length of a period, ms: it may be stopped for that long. */
  readonly periodMs: number;
  /** Periods in which it was stopped so far; null: not known. */
  readonly stoppedPeriods: number | null;
}

/** The tightest of the limits on this process and on the groups that it is in; undefined without one. */
export function readCpuQuota(files: SystemFiles): CpuQuota | undefined {
  const quotas = groupFolders(files)
    .map((folder) => quotaOf(files, folder))
    .filter((quota) => quota !== undefined);
  return quotas.length === 0 ? undefined : quotas.reduce((a, b) => (b.cpus < a.cpus ? b : a));
}

/** Where limits may stand: the group of this process and those around it. Inside a container the paths of its host are
 * not there, and its own group is at the top. */
function groupFolders(files: SystemFiles): string[] {
  const root = 'sys/fs/cgroup';
  return (files.text('proc/self/cgroup') ?? '0::/').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined) return [];
    if (controllers === '') return [root, `${root}/unified`].flatMap((top) => upwards(top, path!));
    if (!controllers.split(',').includes('cpu')) return [];
    return [controllers, 'cpu', 'cpu,cpuacct', 'cpuacct,cpu'].flatMap((name) => upwards(`${root}/${name}`, path!));
  });
}

function upwards(top: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, i) => [top, ...parts.slice(0, i)].join('/'));
}

function quotaOf(files: SystemFiles, folder: string): CpuQuota | undefined {
  const [, quota, period] = /^(\d+) (\d+)$/.exec(files.text(`${folder}/cpu.max`) ?? '') ?? [];
  const quotaUs = quota === undefined ? files.number(`${folder}/cpu.cfs_quota_us`) : Number(quota);
  const periodUs = period === undefined ? files.number(`${folder}/cpu.cfs_period_us`) : Number(period);
  // Version 1 writes -1 for no limit.
  if (quotaUs === undefined || periodUs === undefined || quotaUs <= 0 || periodUs <= 0) return undefined;
  const stopped = /^nr_throttled (\d+)$/m.exec(files.text(`${folder}/cpu.stat`) ?? '')?.[1];
  return {
    cpus: quotaUs / periodUs,
    periodMs: periodUs / 1000,
    stoppedPeriods: stopped === undefined ? null : Number(stopped),
  };
}
