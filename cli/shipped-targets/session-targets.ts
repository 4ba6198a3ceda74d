// Targets whose measurements are whole sessions of this project's agent.
import { fleetSessions } from '#cli/train/fleet-sessions.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import { evenlySpaced } from '#core/predictor/adaptation/checked-adaptation.ts';
import type { KernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { slug } from '#core/text/slug.ts';
import { type MeasuredTarget, mostMeasurements, runtimeInWords } from './measured-target.ts';

const usual = new Set(['onnxruntime-all-t1', 'openvino-t1']);

/** One a session, in the order of their names. */
export function sessionTargets(table: KernelTable, lowerings: readonly LoweringId[]): MeasuredTarget[] {
  return fleetSessions(table, lowerings).map(({ name, target: { hardware, runtime }, networks }): MeasuredTarget => {
    return {
      description: {
        id: slug(`epyc-${name}`),
        title: `AMD EPYC, 1 core, ${name}`,
        hardware: `${hardware.model}, 1 of ${hardware.cores} cores`,
        runtime: runtimeInWords(runtime),
        source: 'measured for this project with its agent (data/fleet/epyc/README.md)',
        licence: 'Apache-2.0',
        usual: usual.has(name),
      },
      networks: evenlySpaced(networks, mostMeasurements).map(({ rows, latencyMs }) => ({
        rows: rows(),
        batch: 1,
        latencyMs,
      })),
      available: networks.length,
    };
  });
}
