// What the predicting function counts of its answers: how far they are to be trusted, and what memory had.
import type { Trust } from '#core/predictor/types.ts';
import { putMetrics } from './metrics.ts';

/** An answer as far as it is counted: trust of each target, of models one a model. */
interface Answered {
  readonly results: readonly { readonly trust: Trust | readonly Trust[] }[];
}

export interface AnswerMetrics {
  /** For the cache: a look for the champion or an adaptation. */
  readonly onLook: (isHit: boolean) => void;
  /** Writes the metrics of one answer; looks that ended in a refusal are counted with the next one. */
  readonly put: (reply: Answered) => void;
}

/** The counts of one process. */
export function answerMetrics(): AnswerMetrics {
  let looks = { CacheHits: 0, CacheMisses: 0 };
  return {
    onLook(isHit) {
      looks[isHit ? 'CacheHits' : 'CacheMisses']++;
    },
    put({ results }) {
      putMetrics('memory', looks);
      looks = { CacheHits: 0, CacheMisses: 0 };
      const all = results.flatMap(({ trust }) => trust);
      for (const [trust, same] of Map.groupBy(all, (each) => each)) {
        putMetrics('answers', { AnsweredTargets: same.length }, trust);
      }
    },
  };
}
