// An upload as its device sees it: everything in one level, null where it does not apply.
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { UploadRecord } from './upload-record.ts';

export interface UploadView {
  readonly uploadId: string;
  readonly deviceId: string;
  /** The only one that the profile may be of; null: it was registered without one. */
  readonly searchSpace: SearchSpaceId | null;
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

/** An upload as its device and operators see it. */
export function uploadView({ accepted, quarantined, finishedAt, searchSpace, ...upload }: UploadRecord): UploadView {
  return {
    ...upload,
    searchSpace: searchSpace ?? null,
    finishedAt: finishedAt ?? null,
    targetId: accepted?.targetId ?? null,
    measurements: accepted?.measurements ?? null,
    excludedCount: accepted?.excludedCount ?? null,
    excluded: accepted?.excluded ?? [],
    reason: quarantined ?? null,
  };
}
