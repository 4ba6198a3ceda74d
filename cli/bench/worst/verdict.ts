// What the bench of worst requests says: a table of the worst of each route, and what takes more than it may.
import { refusalBounds, type WorstRequest } from './requests.ts';

const share = ({ cpuShare, memoryShare }: WorstRequest): number => Math.max(cpuShare, memoryShare);

/** The worst refused and the worst answered request of each route, by the larger of its two shares. */
export function worstOfEach(measured: readonly WorstRequest[]): readonly WorstRequest[] {
  const byRoute = Map.groupBy(measured, ({ route, kind }) => `${route} ${kind}`).values();
  return [...byRoute.map((each) => each.reduce((a, b) => (share(b) > share(a) ? b : a)))];
}

/** Those of all that took more than they may, or were answered otherwise than expected: a line each, none if all is
 * well. */
export function worstFaults(measured: readonly WorstRequest[]): readonly string[] {
  return measured.flatMap((each) => {
    const { route, kind, what, cpuMs, growthMB, unexpected } = each;
    const name = `${route}, ${kind}, ${what}`;
    if (unexpected !== undefined) return [`${name}: answered ${unexpected}`];
    const taken = `${cpuMs.toFixed(0)} ms of a core, ${growthMB.toFixed(0)} MB`;
    return share(each) > 1 ? [`${name}: ${taken}, ${percent(share(each))} of what it may take`] : [];
  });
}

const percent = (of: number): string => `${Math.round(100 * of)} %`;

/** Lines for a terminal. */
export function worstTable(measured: readonly WorstRequest[]): string {
  const lines = worstOfEach(measured).map((each) =>
    [
      each.route.padEnd(18),
      each.kind.padEnd(8),
      String(each.status),
      `${each.cpuMs.toFixed(0)} ms`.padStart(8),
      percent(each.cpuShare).padStart(6),
      `${each.growthMB.toFixed(0)} MB`.padStart(7),
      percent(each.memoryShare).padStart(6),
      each.what,
    ].join('  '),
  );
  const faults = worstFaults(measured);
  return [
    'route               worst          CPU      of bound    memory  of bound',
    ...lines,
    `A refusal may take ${refusalBounds.cpuMs} ms of one core and ${refusalBounds.growthMB} MB; an answer its ` +
      "function's time at the core that it is given, and its function's memory.",
    ...(faults.length === 0
      ? ['Each request took what it may.']
      : ['More than it may, or not as expected:', ...faults]),
  ].join('\n');
}
