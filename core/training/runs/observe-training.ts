// Use case: how training stands, for whoever watches over the service: how old the champion is, and for how long no run
// has ended well.
import { readAliases } from '#core/predictors/aliases.ts';
import { readCard } from '#core/predictors/card.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { type RunRecord, runRecordSchema } from './run-record.ts';

/** The record of a run, as a list of the store shows it. */
export interface ListedRun {
  readonly key: string;
  /** When it last changed, ms since the epoch. */
  readonly modifiedAtMs: number;
}

export interface TrainingState {
  /** Hours since the champion was made; undefined where there is none. */
  readonly championAgeHours: number | undefined;
  /** Hours since the last good run ended, or since the first run began where none has been good; undefined where there
   * has been no run. */
  readonly hoursSinceGoodRun: number | undefined;
}

/** What is stored of champion and runs, at `now` (ms since the epoch). Records are read newest first, and no more than
 * until a good one is found.
 * @throws DomainError `internal` for a damaged record */
export async function observeTraining(store: Store, runs: readonly ListedRun[], now: number): Promise<TrainingState> {
  const version = (await readAliases(store))?.value.champion;
  const card = version === undefined ? undefined : await readCard(store, version);
  let sinceMs: number | undefined;
  for (const { key } of runs.toSorted((a, b) => b.modifiedAtMs - a.modifiedAtMs)) {
    const run = (await readJson(store, key, runRecordSchema))?.value;
    if (run === undefined) continue;
    sinceMs = isGood(run) ? Date.parse(run.finishedAt!) : Date.parse(run.createdAt);
    if (isGood(run)) break;
  }
  const hoursSince = (ms: number | undefined) => (ms === undefined ? undefined : Math.max(0, now - ms) / 3_600_000);
  return {
    championAgeHours: hoursSince(card && Date.parse(card.createdAt)),
    hoursSinceGoodRun: hoursSince(sinceMs),
  };
}

/** It decided, or there was nothing new to decide on. A look for new data that finds too little proves nothing. */
function isGood({ status, requestedBy, finishedAt }: RunRecord): boolean {
  if (finishedAt === undefined) return false;
  return status === 'promoted' || status === 'refused' || (status === 'skipped' && requestedBy !== 'data');
}
