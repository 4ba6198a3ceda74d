// The fleet as people read it (a card) and as tables read it (CSV), from its profiles. Pure.
import type { Profile } from '#core/dataset/profile.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { median } from '#core/statistics/quantile.ts';
import { agreement } from './agreement.ts';

export interface FleetProfile {
  readonly name: string;
  readonly profile: Profile;
}

export interface RepeatedProfile extends FleetProfile {
  /** When the machine was last started, and this agent's run began. */
  readonly repeat: string;
}

/** Rows in the order of `architectures`; an architecture that a target lacks is left empty nowhere: it is left out of
 * all, so that every target has every row. */
export function fleetTable(fleet: readonly FleetProfile[], architectures: readonly string[]): string {
  const columns = fleet.map(
    ({ profile }) => new Map(profile.measurements.map(({ architecture, latency }) => [architecture, latency.medianMs])),
  );
  const rows = architectures
    .filter((architecture) => columns.every((column) => column.has(architecture)))
    .map((architecture) =>
      [quoted(architecture), ...columns.map((column) => column.get(architecture)!.toPrecision(6))].join(','),
    );
  return `${['architecture', ...fleet.map(({ name }) => name)].join(',')}\n${rows.join('\n')}\n`;
}

export function fleetCard(
  fleet: readonly FleetProfile[],
  repeats: readonly RepeatedProfile[],
  command: string,
): string {
  const first = fleet[0]!.profile;
  const { hardware } = first.target;
  const starts = fleet.map(({ profile }) => profile.context.clock.startedAt ?? '').sort();
  const counted = new Set(fleet.flatMap(({ profile }) => Object.keys(profile.descriptor?.counters ?? {})));
  const pmus = new Set(
    fleet.flatMap(({ profile }) => Object.values(profile.descriptor?.counters ?? {}).flatMap(({ pmu }) => pmu ?? [])),
  );
  const lines = [
    '# A measured fleet',
    '',
    'NAS-Bench-201 at input size 32, batch size 1, fp32: one machine, the settings of the runtime varied. Each target has its whole profile here (`*.json.gz`: target, context, descriptor, latencies) and a column in [`../latency-nasbench201-fleet.csv.gz`](../latency-nasbench201-fleet.csv.gz). The architectures are the first rows of `latency-nasbench201.csv.gz`, so that all tables share them. **All targets are one machine: an evaluation by device must keep them together.**',
    '',
    '| | |',
    '| --- | --- |',
    `| machine | ${[hardware.vendor, hardware.model].filter((text) => text !== null).join(' ')}, ${hardware.cores} processors, ${hardware.memoryMib} MiB |`,
    `| system | ${first.context.kernel}, governor ${first.context.governor ?? 'not known'} |`,
    `| agent | ${first.context.agentVersion} |`,
    `| runtimes | ${[...new Set(fleet.map(({ profile: { target } }) => `${target.runtime.name} ${target.runtime.version}`))].join(', ')} |`,
    `| measured | ${starts[0]} to ${starts.at(-1)} |`,
    `| command | \`${command}\` |`,
    `| counters | ${[...counted].join(', ') || 'none'} |`,
    `| PMU | ${[...pmus].join(', ') || 'none: hardware counters are `unsupported` in every descriptor'} |`,
    '',
    'Spread is the interquartile range of a network’s samples over its median, here its median over the networks. Unsettled: the 95 % interval of the median was not within the tolerance when the time was over.',
    '',
    '| target | id | networks | unsettled | median latency | spread |',
    '| --- | --- | --- | --- | --- | --- |',
    ...fleet.map(({ name, profile }) => {
      const { measurements } = profile;
      const latencies = Float64Array.from(measurements, ({ latency }) => latency.medianMs);
      const spreads = Float64Array.from(
        measurements,
        ({ latency }) => (latency.spreadMs ?? Number.NaN) / latency.medianMs,
      );
      const unsettled = measurements.filter(({ stable }) => stable === false).length;
      return `| ${name} | \`${targetId(profile.target)}\` | ${measurements.length} | ${unsettled} | ${median(latencies).toPrecision(3)} ms | ${percent(median(spreads))} |`;
    }),
    '',
    '## How well a target agrees with itself',
    '',
    ...(repeats.length === 0
      ? ['Not repeated yet.']
      : [
          'The same target measured again, in new processes. Deviation is |second / first − 1| of a network; scaled: after the common factor is taken out.',
          '',
          '| target | again | networks | factor | median deviation | 90 % within | scaled | ±5 % | ±10 % | Spearman |',
          '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
          ...repeats.flatMap(({ name, profile, repeat }) => {
            const original = fleet.find((candidate) => candidate.name === name);
            if (original === undefined) return [];
            const a = agreement(original.profile, profile);
            return `| ${name} | ${repeat} | ${a.count} | ${a.medianRatio.toFixed(3)} | ${percent(a.medianDeviation)} | ${percent(a.deviation90)} | ${percent(a.medianDeviationScaled)} | ${a.within5.toFixed(3)} | ${a.within10.toFixed(3)} | ${a.spearman.toFixed(4)} |`;
          }),
        ]),
  ];
  return `${lines.join('\n')}\n`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function quoted(text: string): string {
  return text.includes(',') ? `"${text}"` : text;
}
