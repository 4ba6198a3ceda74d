// What a sweep says: a line for each upload that it found waiting, one at its end, and an error where something is
// left.
import type { SweepDependencies, SweepReport } from '#core/intake/sweep-uploads.ts';
import { logUpload } from './ingest-log.ts';
import { logger } from './telemetry.ts';

export interface SweepLog {
  readonly found: NonNullable<SweepDependencies['onFound']>;
  /** @throws SweepIncomplete where an upload failed or was not looked at: the function counts as failed then */
  end(report: SweepReport): void;
}

/** A sweep that left uploads waiting; the next one finds them again. */
export class SweepIncomplete extends Error {
  override readonly name = 'SweepIncomplete';
}

/** The log of one sweep. @param awsRequestId of the call, as AWS has it */
export function sweepLog(awsRequestId: string | undefined): SweepLog {
  return {
    found: (object, outcome) => logUpload(object, outcome, { message: 'swept up', awsRequestId }),
    end(report) {
      logger.info('swept', { awsRequestId, ...report });
      const { failed, complete } = report;
      if (failed === 0 && complete) return;
      const left = complete ? 'all were looked at' : 'not all were looked at';
      throw new SweepIncomplete(`${failed} uploads failed, ${left}: the next sweep goes on`);
    },
  };
}
