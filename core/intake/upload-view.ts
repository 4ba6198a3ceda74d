// An upload as its device sees it: everything in one level, null where it does not apply.
import type { UploadRecord } from './upload-record.ts';

export interface UploadView {
  readonly uploadId: string;
  readonly deviceId: string;
  readonly searchSpace: UploadRecord['searchSpace'];
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly registeredAt: string;
  readonly status: UploadRecord['status'];
  readonly finishedAt: string | null;
  /** When accepted. */
  readonly targetId: string | null;
  readonly measurements: number | null;
  readonly excludedCount: number | null;
  readonly excluded: NonNullable<UploadRecord['accepted']>['excluded'];
  /** When quarantined. */
  readonly reason: NonNullable<UploadRecord['quarantined']> | null;
}

/** An upload's record as its device and operators see it: null instead of absent. */
export function uploadView({ accepted, quarantined, finishedAt, ...upload }: UploadRecord): UploadView {
  return {
    ...upload,
    finishedAt: finishedAt ?? null,
    targetId: accepted?.targetId ?? null,
    measurements: accepted?.measurements ?? null,
    excludedCount: accepted?.excludedCount ?? null,
    excluded: accepted?.excluded ?? [],
    reason: quarantined ?? null,
  };
}
