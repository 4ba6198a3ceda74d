// Which other programs keep the processors busy, by name: for doctor only, and never part of a profile. proc(5),
// /proc/PID/stat.
import type { SystemFiles } from './system-files.ts';

export interface BusyProcess {
  /** As the kernel cuts it, at most 15 characters; processes of one name are summed. */
  readonly name: string;
  /** Processors that it keeps busy: 1 is one whole processor. */
  readonly cpus: number;
}

export interface ProcessTimes {
  readonly name: string;
  /** User and kernel time since it was started, s. */
  readonly usedS: number;
  /** When it was started, s after the system. */
  readonly startedS: number;
}

/** The kernel's ticks of these files, on every architecture that Node runs on. */
const ticksPerS = 100;

/** Times of every process, by its number; without those that `isOwn` names. */
export function processTimes(files: SystemFiles, isOwn: (pid: number) => boolean): Map<number, ProcessTimes> {
  const times = new Map<number, ProcessTimes>();
  for (const pid of files.list('proc').filter((name) => /^\d+$/.test(name))) {
    // The name may hold spaces and parentheses itself.
    const parts = /^\d+ \((.*)\) \S ([\d -]+)/s.exec(files.text(`proc/${pid}/stat`) ?? '');
    if (parts === null || isOwn(Number(pid))) continue;
    const fields = parts[2]!.trim().split(/\s+/).map(Number);
    // Counted from the field behind the state: 10 utime, 11 stime, 18 starttime.
    const [user, system, start] = [fields[10], fields[11], fields[18]];
    if (user === undefined || system === undefined || start === undefined) continue;
    times.set(Number(pid), { name: parts[1]!, usedS: (user + system) / ticksPerS, startedS: start / ticksPerS });
  }
  return times;
}

/** What was busy between two readings, the busiest first. */
export function busyBetweenReadings(
  before: ReadonlyMap<number, ProcessTimes>,
  after: ReadonlyMap<number, ProcessTimes>,
  elapsedS: number,
): BusyProcess[] {
  const used = [...after].map(([pid, { name, usedS, startedS }]) => {
    const earlier = before.get(pid);
    // A number that was given to another process meanwhile is another process.
    return { name, cpus: (usedS - (earlier?.startedS === startedS ? earlier.usedS : 0)) / elapsedS };
  });
  return byName(used);
}

/** What has been busy since it was started, on average, where there is one reading only; the busiest first. Processes
 * younger than ten seconds are left out: they may only have started. */
export function busySinceStart(files: SystemFiles, isOwn: (pid: number) => boolean): BusyProcess[] {
  const uptimeS = Number(files.text('proc/uptime')?.split(' ')[0] ?? Number.NaN);
  const old = [...processTimes(files, isOwn).values()].filter(({ startedS }) => uptimeS - startedS >= 10);
  return byName(old.map(({ name, usedS, startedS }) => ({ name, cpus: usedS / (uptimeS - startedS) })));
}

function byName(used: readonly BusyProcess[]): BusyProcess[] {
  const sums = new Map<string, number>();
  for (const { name, cpus } of used) sums.set(name, (sums.get(name) ?? 0) + cpus);
  return [...sums]
    .map(([name, cpus]) => ({ name, cpus }))
    .filter(({ cpus }) => cpus >= 0.02)
    .sort((a, b) => b.cpus - a.cpus);
}

/** Names of all running programs. */
export function programNames(files: SystemFiles): string[] {
  const pids = files.list('proc').filter((name) => /^\d+$/.test(name));
  return [...new Set(pids.flatMap((pid) => files.text(`proc/${pid}/comm`) ?? []))];
}

export type ProgramKind = 'desktop' | 'browser';

const desktop =
  /^(gnome-shell|Xorg|Xwayland|kwin_|plasmashell|xfwm4|xfdesktop|xfce4-|lxpanel|lxqt-|pcmanfm|wayfire|wf-panel|labwc|mutter|cinnamon|mate-|muffin|weston|sway|unity|compiz|budgie-)/;
const browser =
  /^(chrome|chromium|google-chrome|firefox|Web Content|Isolated Web|WebExtensions|Privileged Cont|GeckoMain|brave|vivaldi|opera|msedge|microsoft-edge|epiphany|WebKit|midori|falkon|electron)/i;

/** Whether a program of this name belongs to a desktop or is a browser; undefined: neither. */
export function programKind(name: string): ProgramKind | undefined {
  if (desktop.test(name)) return 'desktop';
  return browser.test(name) ? 'browser' : undefined;
}
