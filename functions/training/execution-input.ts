// What starts an execution of the training state machine; the run's id is the execution's name.
import type { RunRecord } from '#core/training/runs/run-record.ts';

export interface ExecutionInput {
  readonly runId: string;
  readonly requestedBy: RunRecord['requestedBy'];
}

/** How much more there must be to learn from before new data starts a training, as a share of what there was. */
export function growthFrom(variables: Readonly<Record<string, string | undefined>>): number {
  const growth = Number(variables['LEAST_GROWTH'] ?? '0.1');
  if (growth >= 0 && growth < 100) return growth;
  throw new Error(`LEAST_GROWTH is ${variables['LEAST_GROWTH']}; allowed: 0 to 100`);
}
