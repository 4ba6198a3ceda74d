// A machine's sessions as people read them: what was measured with what, and how far each target can be trusted. Pure.
import type { Profile } from '#core/dataset/profile.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { median } from '#core/statistics/quantile.ts';
import { mostDisagreement, type NoiseFloor, noiseFloor, type Session } from './session-profile.ts';

export interface NamedSession extends Session {
  readonly name: string;
}

/** @param command how the sessions were started, without paths */
export function sessionCard(machine: string, sessions: readonly NamedSession[], command: string): string {
  const profiles = sessions.map(({ profile }) => profile);
  const { hardware } = profiles[0]!.target;
  const seen = (read: (profile: Profile) => string | null | undefined): string =>
    [...new Set(profiles.map(read).filter((text) => text))].join(', ') || 'not known';
  const times = profiles.flatMap(({ context: { clock } }) => [clock.startedAt ?? '', clock.endedAt ?? '']).sort();
  const lines = [
    `# Sessions on ${machine}`,
    '',
    'One session a target, measured by the agent itself: the standard operators with their counters, networks of',
    'NAS-Bench-201, FBNet and Once-for-All, models of the zoo with random weights, kinds alternating over the time; some',
    'of each are measured at the start and at the end, too (`repeats`). **All targets are one machine: an evaluation by',
    'device must keep them together.** Targets were measured beside each other, each on processors of its own, and each',
    'part between two looks at a canary: what was measured while the machine was slow was measured again.',
    '',
    '| | |',
    '| --- | --- |',
    `| machine | ${hardware.model}, ${seen(({ target }) => target.hardware.accelerator)} as accelerator |`,
    `| system | ${seen(({ context }) => context.kernel)}, governor ${seen(({ context }) => context.governor)} |`,
    `| agent | ${seen(({ context }) => context.agentVersion)} |`,
    `| runtimes | ${seen(({ target: { runtime } }) => `${runtime.name} ${runtime.version ?? ''}`.trim())} |`,
    `| measured | ${times[0]} to ${times.at(-1)} |`,
    `| command | \`${command}\` |`,
    `| counters | ${counted(profiles)} |`,
    '',
    'Unsettled: the 95 % interval of the median was not within the tolerance when the time was over. Factor: median of',
    'end / start; noise and its 90th percentile: of |ln(end / start)|; scaled: without the common factor. A target whose',
    `noise is above ${percent(mostDisagreement)} disagrees with itself and is to be measured again.`,
    '',
    '| target | id | operators | cells | FBNet, OFA | models | unsettled | median latency | repeats | factor | noise | 90 % | scaled | |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...sessions.map(row),
  ];
  return `${lines.join('\n')}\n`;
}

function row(session: NamedSession): string {
  const { name, profile } = session;
  const { workloads, measurements, models = [], descriptor } = profile;
  const cells = measurements.filter(({ workload }) => workloads[workload]!.searchSpace === 'nasbench201').length;
  const all = [...measurements, ...models];
  const unsettled = all.filter(({ stable }) => stable === false).length;
  const latency = median(Float64Array.from(all, ({ latency: { medianMs } }) => medianMs)).toPrecision(3);
  const counts = [Object.keys(descriptor?.operators ?? {}).length, cells, measurements.length - cells, models.length];
  const words = [name, `\`${targetId(profile.target)}\``, ...counts, unsettled, `${latency} ms`];
  return `| ${[...words, ...noiseWords(noiseFloor(session))].join(' | ')} |`;
}

function noiseWords(noise: NoiseFloor | undefined): string[] {
  if (noise === undefined) return ['0', '', '', '', '', 'not repeated'];
  const { count, factor, median: middle, high, medianScaled } = noise;
  const verdict = middle > mostDisagreement ? 'measure again' : 'agrees';
  return [String(count), factor.toFixed(3), percent(middle), percent(high), percent(medianScaled), verdict];
}

function counted(profiles: readonly Profile[]): string {
  const names = new Set(profiles.flatMap(({ descriptor }) => Object.keys(descriptor?.counters ?? {})));
  return [...names].sort().join(', ') || 'none';
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
