// The profile of ten measurements that the bench sends from the field, and what is registered before it is put.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Profile } from '#core/dataset/profile.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

const measurementsPerProfile = 10;
const searchSpace = 'nasbench201';

export interface FieldProfile {
  /** gzip. */
  readonly bytes: Uint8Array;
  readonly registration: { readonly sizeBytes: number; readonly sha256: string; readonly searchSpace: 'nasbench201' };
}

/** @param table of NAS-Bench-201, with a target `titanx_1`
 * @param model of the hardware: another one is another target */
export function fieldProfile(table: LatencyTable, model: string): FieldProfile {
  const { target, workloads } = exampleProfile;
  const latencyMs = table.targets.find(({ id }) => id === 'titanx_1')!.latencyMs;
  const profile: Profile = {
    ...exampleProfile,
    target: { ...target, hardware: { ...target.hardware, model } },
    workloads: workloads.filter((workload) => workload.searchSpace === searchSpace),
    measurements: table.texts.slice(0, measurementsPerProfile).map((architecture, row) => ({
      workload: 0,
      architecture,
      latency: { medianMs: latencyMs[row]!, trimmedMeanMs: null, spreadMs: null },
      runs: 50,
      stable: true,
    })),
  };
  const bytes = gzipSync(JSON.stringify(profile));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes, registration: { sizeBytes: bytes.length, sha256, searchSpace } };
}
