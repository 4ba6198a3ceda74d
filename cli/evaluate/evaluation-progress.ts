// How far an evaluation is and how long it still takes: of each seed, and of each fold with it, a fit and then the
// scoring of its draws.
import { leftInWords, type WorkPart, workClock } from '#core/statistics/time-left.ts';

export interface EvaluationWork {
  readonly seeds: readonly number[];
  readonly steps: number;
  /** Draws of measurements that are scored with each seed, of each fold; one number: there is one fold. */
  readonly draws: number | readonly number[];
}

export interface SeedProgress {
  fitted(step: number, loss: number): void;
  scored(draws: number): void;
}

export interface EvaluationProgress {
  /** @param fold from 0 */
  seed(seed: number, fold?: number): SeedProgress;
}

const sayEveryS = 2;

/** @param say takes a line every few seconds
 * @param nowS seconds of a monotonic clock */
export function evaluationProgress(
  { seeds, steps, draws }: EvaluationWork,
  say: (line: string) => void,
  nowS: () => number = () => performance.now() / 1000,
): EvaluationProgress {
  const folds = typeof draws === 'number' ? [draws] : draws;
  const parts = seeds.flatMap(() =>
    folds.flatMap((own): WorkPart[] => [
      // How long a draw takes beside a step depends on networks, targets and what else the machine does.
      { kind: 'fit', units: steps, unit: 'step' },
      { kind: 'score', units: own, unit: 'draw' },
    ]),
  );
  const clock = workClock(parts, nowS);
  let saidS = Number.NEGATIVE_INFINITY;
  const tell = (isEdge: boolean, line: string): void => {
    if (!isEdge && nowS() - saidS < sayEveryS) return;
    saidS = nowS();
    say(`${line}, ${leftInWords(clock.leftS())}`);
  };
  return {
    seed(seed, fold = 0) {
      const at = 2 * (seeds.indexOf(seed) * folds.length + fold);
      const own = folds[fold]!;
      const name = `seed ${seed}${folds.length > 1 ? `, fold ${fold + 1} of ${folds.length}` : ''}`;
      clock.report(at, 0);
      tell(true, `${name}: step 0/${steps}`);
      return {
        fitted(step, loss) {
          clock.report(at, step / steps);
          tell(step === steps, `${name}: step ${step}/${steps}, loss ${loss.toFixed(3)}`);
        },
        scored(done) {
          // What the first draw costs beside itself (the networks' sums, an order of all) is no measure for others.
          if (done > 0) clock.report(at + 1, done / own);
          tell(done === 0 || done === own, `${name}: scored ${done}/${own}`);
        },
      };
    },
  };
}
