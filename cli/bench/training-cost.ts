// What a training run costs on AWS, from what was measured here: Lambda's seconds, S3's requests, Step Functions' state
// transitions. Prices of us-east-1 without the free tiers, looked up on 24 November 2026 in stored copies of older
// pages: aws.amazon.com/step-functions/pricing (Standard workflows), cloudchipr.com/blog/aws-lambda-pricing (2024;
// arm64) and c3x.dev/blog/s3-request-fees-explained (S3 Standard). Look at AWS's own pages before a budget.
export const prices = {
  lambdaGbSecondUsd: 0.0000133334,
  lambdaCallUsd: 0.2e-6,
  s3GetUsd: 0.0004 / 1000,
  /** Also of a list. */
  s3PutUsd: 0.005 / 1000,
  transitionUsd: 0.025 / 1000,
} as const;

/** One vCPU; what every task that computes has (infra/config.ts). */
const memoryGb = 1769 / 1024;
/** How long S3 is waited for, a request: a cautious mean. */
const requestS = 0.03;
/** As the tasks are built: freeze reads sixteen objects at once, the others one after another. */
const freezeReadsAtOnce = 16;
/** Plan, decide, report, publish and the last step: seconds of each, generously. */
const shortTasks = { count: 5, seconds: 5 };
/** Enter, call and leave: what Step Functions counts for a task in a map, and for each of the single ones. */
const transitionsPerTask = 1;

export interface MeasuredStep {
  readonly seconds: number;
  readonly gets: number;
  readonly puts: number;
}

export interface MeasuredRun {
  readonly snapshot: MeasuredStep;
  /** One whole fit. */
  readonly fit: MeasuredStep;
  readonly fits: number;
  readonly fold: MeasuredStep;
  readonly folds: number;
  readonly batch: MeasuredStep;
  readonly batches: number;
}

export interface RunCost {
  readonly lambdaGbS: number;
  readonly s3Gets: number;
  readonly s3Puts: number;
  readonly usd: number;
  /** Share of `usd` for adapting. */
  readonly adaptShare: number;
}

/** What a run costs in GB-seconds, requests and USD, from measured seconds and counts of its parts. */
export function costOf({ snapshot, fit, fits, fold, folds, batch, batches }: MeasuredRun): RunCost {
  const parts = {
    snapshot: part(snapshot, 1, freezeReadsAtOnce),
    fit: part(fit, fits),
    evaluate: part(fold, folds),
    adapt: part(batch, batches),
    others: part({ seconds: shortTasks.seconds, gets: 0, puts: 0 }, shortTasks.count),
  };
  const sum = (of: (each: Part) => number): number => Object.values(parts).reduce((total, each) => total + of(each), 0);
  const usd = sum((each) => each.usd);
  return {
    lambdaGbS: sum(({ gbS }) => gbS),
    s3Gets: sum(({ gets }) => gets),
    s3Puts: sum(({ puts }) => puts),
    usd,
    adaptShare: parts.adapt.usd / usd,
  };
}

interface Part {
  readonly gbS: number;
  readonly gets: number;
  readonly puts: number;
  readonly usd: number;
}

function part({ seconds, gets, puts }: MeasuredStep, times: number, atOnce = 1): Part {
  const gbS = times * memoryGb * (seconds + ((gets + puts) * requestS) / atOnce);
  const requests = { gets: times * gets, puts: times * puts };
  const usd =
    gbS * prices.lambdaGbSecondUsd +
    times * (prices.lambdaCallUsd + transitionsPerTask * prices.transitionUsd) +
    requests.gets * prices.s3GetUsd +
    requests.puts * prices.s3PutUsd;
  return { gbS, ...requests, usd };
}
