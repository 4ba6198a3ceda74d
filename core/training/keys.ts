// Where training keeps its objects in the data bucket: snapshots, fits, and the record, lock and parts of a run.

export type SnapshotFile =
  | 'measurements.parquet'
  | 'descriptors.parquet'
  | 'graphs.parquet'
  | 'counted.parquet'
  | 'manifest.json';
/** The manifest is written last: a snapshot with one is complete. */
export const snapshotKey = (snapshotId: string, file: SnapshotFile): string => `snapshots/${snapshotId}/${file}`;
/** Which run decided on this snapshot with these settings: running again would decide the same. */
export const decidedKey = (snapshotId: string, settingsId: string): string =>
  `snapshots/${snapshotId}/decided/${settingsId}.json`;

export type FitFile = 'spec.json' | 'checkpoint.bin' | 'predictor.onnx' | 'predictor.json' | 'curve.json';
/** Fits are addressed by what goes into them, so that two runs never make the same one twice. */
export const fitKey = (fitId: string, file: FitFile): string => `fits/${fitId}/${file}`;

export const runsPrefix = 'training-runs/';
/** Key of a run's record. */
export const runKey = (runId: string): string => `${runsPrefix}${runId}.json`;
/** Which run is under way. */
export const runLockKey = 'training-locks/run.json';
/** How far each fit of a run is, one object a fit. */
export const runFitsPrefix = (runId: string): string => `training-parts/${runId}/fits/`;
/** Key of the progress of one fit of a run. */
export const runFitKey = (runId: string, fitId: string): string => `${runFitsPrefix(runId)}${fitId}.json`;
/** Key of the scores of one fold of a run. */
export const runFoldKey = (runId: string, fold: number): string => `training-parts/${runId}/folds/${fold}.json`;
/** How far the scoring of each fold of a run is, one object a fold. */
export const runScoringPrefix = (runId: string): string => `training-parts/${runId}/scoring/`;
/** Key of the progress of the scoring of one fold of a run. */
export const runScoringKey = (runId: string, fold: number): string => `${runScoringPrefix(runId)}${fold}.json`;
/** Key of the predictions that a run's report draws. */
export const runPredictionsKey = (runId: string): string => `training-parts/${runId}/predictions.json`;
/** Key of the candidate's card, before it is published. */
export const runCardKey = (runId: string): string => `training-parts/${runId}/card.json`;
/** Key of a run's report, before it is published. */
export const runReportKey = (runId: string): string => `training-parts/${runId}/report.html`;
/** For a distributed map, which reads its items from here. */
export const runBatchesKey = (runId: string): string => `training-parts/${runId}/batches.json`;
/** Key of what a run decided, and on which fit. */
export const runDecisionKey = (runId: string): string => `training-parts/${runId}/decision.json`;
