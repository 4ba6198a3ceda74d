// What is said of each upload that was looked at, by the event of its object or by a sweep: one line, under the same
// ids, and its outcome for the metrics.
import type { IngestResult, UploadedObject } from '#core/intake/ingest-upload.ts';
import { parseIncomingKey } from '#core/intake/keys.ts';
import type { LogIds } from './log-ids.ts';
import { putMetrics } from './metrics.ts';
import { logger } from './telemetry.ts';

export interface LoggedUpload {
  /** What the line is called. */
  readonly message: string;
  /** Id of the call of the function, as AWS has it. */
  readonly awsRequestId?: string | undefined;
  readonly durationMs?: number;
}

/** A line with what became of the upload, or why it failed: then it is tried again. */
export function logUpload(object: UploadedObject, outcome: IngestResult | Error, said: LoggedUpload): void {
  const { message, ...fields } = said;
  const ids = { ...fields, ...idsOfUpload(object, outcome) };
  if (outcome instanceof Error) {
    putMetrics('uploads', { ProcessedUploads: 1 }, 'failed');
    logger.error('upload failed', { ...ids, error: outcome });
    return;
  }
  putMetrics('uploads', { ProcessedUploads: 1 }, outcome.outcome);
  const reason = 'upload' in outcome ? outcome.upload.quarantined?.code : outcome.reason;
  logger.info(message, { ...ids, outcome: outcome.outcome, reason });
}

/** A key that is no upload's place is named itself. */
function idsOfUpload({ key }: UploadedObject, outcome: IngestResult | Error): LogIds {
  const place = parseIncomingKey(key);
  if (place === undefined) return { key };
  const targetId = !(outcome instanceof Error) && 'upload' in outcome ? outcome.upload.accepted?.targetId : undefined;
  return { ...place, targetId };
}
