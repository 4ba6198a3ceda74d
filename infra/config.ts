// Everything an operator may want to set before `cdk deploy`, typed and with its reason. Nothing here is secret.
// The embedded stack runs the same template, so these values hold locally too.

import type { ApiFunctionName, RouteId } from '#contract/routes.ts';
import type { TrainingTask } from './constructs/training-machine.ts';

/** Memory and time of one function. Lambda gives one full vCPU at 1,769 MiB and a share of one below. */
export interface FunctionSize {
  /** MiB, 128 to 10,240. */
  readonly memoryMiB: number;
  /** Seconds. A function behind the API must stay below the 29 s that API Gateway waits. */
  readonly timeoutS: number;
  /** Upper bound of concurrent executions; it also takes that number out of the account's pool. Unset: no bound. */
  readonly reservedConcurrency?: number;
}

/** The limit of one route: steady requests per second, and requests above that rate that are let through at once. */
export interface RouteLimit {
  readonly ratePerS: number;
  readonly burst: number;
}

export interface SugarbushConfig {
  readonly api: {
    /** Steady requests per second over all routes, above which API Gateway answers 429. */
    readonly throttleRatePerS: number;
    /** Requests above the steady rate that are let through at once. */
    readonly throttleBurst: number;
    /** Limits of single routes, below the one over all: what is asked for seldom, or costs much. */
    readonly routeLimits: Partial<Readonly<Record<RouteId, RouteLimit>>>;
    /** Seconds that what is known of a token is used without being read again, 0 to 300. A revoked token works this
     * long. Half of them API Gateway answers by itself, the other half the authorizer from its memory. */
    readonly tokenCacheS: number;
    /** Seconds that predictions, models and support sets of one token may take on a day (UTC), all processes together;
     * above, its requests are answered with 429. A process that has just started counts ten seconds before it learns of
     * the others. */
    readonly tokenWorkSPerDay: number;
    /** Web origins that may call the API from a browser, for example `https://search.example.com`. Empty: none. */
    readonly corsOrigins: readonly string[];
  };
  readonly logs: {
    /** Days until a log line is deleted; one of CloudWatch's fixed steps (1, 3, 5, 7, 14, 30, 60, 90, 180, 365, …). */
    readonly retentionDays: number;
    readonly level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  };
  readonly watching: {
    /** Alarms, each 0.10 USD a month; docs/operations.md says of each what to do. */
    readonly alarms: boolean;
    /** ARN of the SNS topic that is told when an alarm begins and ends. Unset: they show in CloudWatch alone. */
    readonly alarmTopicArn?: string;
    /** Up to 3 USD a month. */
    readonly dashboard: boolean;
    /** A budget of AWS for the whole account: whoever is named gets a letter at 80 % of it, and when the month is
     * forecast to exceed it. Unset: none. */
    readonly budget?: { readonly usdAMonth: number; readonly email: string };
    /** X-Ray traces of functions and of the state machine: 5 USD a million traces. An HTTP API has none. */
    readonly tracing: boolean;
    /** How often champion, training and failed events are looked at: EventBridge Scheduler's `rate(…)` or `cron(…)`. */
    readonly schedule: string;
    /** From which values on there is an alarm. */
    readonly thresholds: {
      readonly serverErrorsIn5Minutes: number;
      /** Of whole requests, of any number of architectures. */
      readonly predictionP99Ms: number;
      /** Two periods of `training.schedule`. */
      readonly hoursWithoutGoodRun: number;
      readonly championAgeDays: number;
      readonly failedUploadsInAnHour: number;
      readonly quarantinedUploadsInAnHour: number;
      readonly quotaRefusalsInAnHour: number;
      readonly requestsInAnHour: number;
    };
  };
  readonly predictions: {
    /** Least seconds between two looks at which predictor is the champion: a promotion is served this much later. */
    readonly revalidateS: number;
  };
  readonly uploads: {
    /** Days that uploads, and events whose processing failed, are kept to be looked at. */
    readonly keptDays: number;
    /** Seconds that the signed place for an upload stays open, up to 3,600: Lambda's own credentials sign it. */
    readonly validS: number;
    /** Uploads that one device may register on a day (UTC). */
    readonly perDeviceAndDay: number;
    /** Further tries of an upload's processing, 0 to 2, after which its event goes to the failure bucket. */
    readonly retries: number;
    /** Looks for uploads that were put and not processed, because their event was lost or failed every time. */
    readonly sweep: {
      /** EventBridge Scheduler's `rate(…)` or `cron(…)`, UTC. */
      readonly schedule: string;
      /** Uploads of these last hours are looked at: each costs one read of S3 a sweep. */
      readonly newestHours: number;
      /** Uploads of these last minutes are left to their event and its retries. */
      readonly settledMinutes: number;
    };
  };
  readonly training: {
    /** EventBridge Scheduler's `rate(…)` or `cron(…)`, UTC: trains whatever is new. Unset: only by operators. */
    readonly schedule?: string;
    /** Looks more often, and trains where the dataset has grown by `leastGrowth`, a share of what the champion had. */
    readonly newData: { readonly schedule?: string; readonly leastGrowth: number };
    /** Fits, folds and batches of targets at once: each is a Lambda. */
    readonly atOnce: number;
    /** Batches of targets (fifty each) that an inline map adapts; more are adapted by a distributed map. */
    readonly mostInlineBatches: number;
    /** Batches at once in the distributed map: Lambdas out of the account's pool. */
    readonly distributedAtOnce: number;
    /** After which an execution is given up. */
    readonly timeoutHours: number;
  };
  readonly data: {
    /** Days a replaced or deleted version of an object in the data bucket is kept for recovery. */
    readonly oldVersionsDays: number;
    /** Days that fits and what runs leave behind are kept: a run that was cut off goes on from them. */
    readonly fitsDays: number;
    /** Days that snapshots are kept: what a predictor has learned from can be looked at. */
    readonly snapshotsDays: number;
  };
  /** By the name of the entry file in functions/. Every function states its size; there is no default. */
  readonly functions: Readonly<Record<FunctionName, FunctionSize>>;
}

export type FunctionName =
  | ApiFunctionName
  | 'authorizer'
  | 'ingest'
  | 'sweep-uploads'
  | 'watch-state'
  | `training/${TrainingTask}`;

export const config: SugarbushConfig = {
  api: {
    throttleRatePerS: 100,
    throttleBurst: 200,
    routeLimits: {
      // Anyone may ask.
      health: { ratePerS: 10, burst: 20 },
      openapi: { ratePerS: 2, burst: 10 },
      // An operator's work by hand.
      enrolDevice: { ratePerS: 5, burst: 10 },
      rotateDeviceToken: { ratePerS: 5, burst: 10 },
      revokeDevice: { ratePerS: 5, burst: 10 },
      listTokens: { ratePerS: 2, burst: 5 },
      revokeToken: { ratePerS: 5, burst: 10 },
      listProfiles: { ratePerS: 20, burst: 50 },
      withdraw: { ratePerS: 10, burst: 50 },
      restore: { ratePerS: 10, burst: 50 },
      startTrainingRun: { ratePerS: 1, burst: 5 },
      setChampion: { ratePerS: 1, burst: 5 },
      // Seconds of a full core each.
      supportSet: { ratePerS: 10, burst: 20 },
      registerUpload: { ratePerS: 20, burst: 100 },
      registerModel: { ratePerS: 5, burst: 20 },
    },
    tokenCacheS: 60,
    // A core day and night: 2 USD.
    tokenWorkSPerDay: 86_400,
    corsOrigins: [],
  },
  logs: { retentionDays: 30, level: 'INFO' },
  watching: {
    alarms: true,
    dashboard: true,
    tracing: false,
    schedule: 'rate(1 hour)',
    thresholds: {
      serverErrorsIn5Minutes: 1,
      predictionP99Ms: 3000,
      hoursWithoutGoodRun: 48,
      championAgeDays: 60,
      failedUploadsInAnHour: 5,
      quarantinedUploadsInAnHour: 20,
      quotaRefusalsInAnHour: 1,
      // A sixth of what the limit of the rate lets through.
      requestsInAnHour: 60_000,
    },
  },
  predictions: { revalidateS: 3 },
  uploads: {
    keptDays: 30,
    validS: 900,
    perDeviceAndDay: 1000,
    retries: 2,
    sweep: { schedule: 'rate(1 hour)', newestHours: 48, settledMinutes: 10 },
  },
  training: {
    schedule: 'cron(0 3 * * ? *)',
    newData: { schedule: 'rate(6 hours)', leastGrowth: 0.1 },
    atOnce: 8,
    mostInlineBatches: 200,
    distributedAtOnce: 40,
    timeoutHours: 12,
  },
  data: { oldVersionsDays: 90, fitsDays: 90, snapshotsDays: 365 },
  functions: {
    // One token lookup; half a gigabyte is for the share of CPU at a cold start, not for the memory.
    authorizer: { memoryMiB: 512, timeoutS: 5 },
    health: { memoryMiB: 512, timeoutS: 10 },
    openapi: { memoryMiB: 256, timeoutS: 5 },
    // A full vCPU: the forward pass of 20,000 architectures and its JSON are one thread's work.
    predict: { memoryMiB: 1769, timeoutS: 28 },
    // Bounded where one caller could take the account's whole pool (1,000 unless AWS has set another) from predictions:
    // support sets take seconds of a core each, uploads come by the thousand.
    'search-spaces': { memoryMiB: 1769, timeoutS: 28, reservedConcurrency: 20 },
    // Lowers a graph for eleven runtimes: a second of a core for the largest that are in use.
    models: { memoryMiB: 1769, timeoutS: 28, reservedConcurrency: 5 },
    targets: { memoryMiB: 512, timeoutS: 15 },
    devices: { memoryMiB: 512, timeoutS: 15, reservedConcurrency: 5 },
    tokens: { memoryMiB: 512, timeoutS: 15, reservedConcurrency: 5 },
    uploads: { memoryMiB: 512, timeoutS: 15 },
    // Adapts anew what it touches, target after target.
    withdrawals: { memoryMiB: 1769, timeoutS: 28, reservedConcurrency: 5 },
    'training-runs': { memoryMiB: 512, timeoutS: 15 },
    // Promoting by hand adapts what is not adapted yet.
    predictors: { memoryMiB: 1769, timeoutS: 28, reservedConcurrency: 10 },
    // 400,000 measurements (docs/training.md, Costs and limits); one thread each, so a full vCPU and no more.
    'training/freeze': { memoryMiB: 1769, timeoutS: 900 },
    'training/plan': { memoryMiB: 512, timeoutS: 60 },
    'training/fit': { memoryMiB: 1769, timeoutS: 900 },
    'training/evaluate': { memoryMiB: 1769, timeoutS: 900 },
    'training/decide': { memoryMiB: 1769, timeoutS: 300 },
    'training/report': { memoryMiB: 1769, timeoutS: 120 },
    'training/publish': { memoryMiB: 512, timeoutS: 120 },
    'training/adapt': { memoryMiB: 1769, timeoutS: 900 },
    'training/conclude': { memoryMiB: 1769, timeoutS: 900 },
    'training/record-failure': { memoryMiB: 256, timeoutS: 60 },
    // The worst 50 MiB of JSON take 700 MiB and 4 s; a target of 200 measurements is adapted in one.
    ingest: { memoryMiB: 1769, timeoutS: 120, reservedConcurrency: 50 },
    // The same, one upload after another; what it does not get to is the next sweep's.
    'sweep-uploads': { memoryMiB: 1769, timeoutS: 900 },
    // A handful of reads and two lists.
    'watch-state': { memoryMiB: 256, timeoutS: 60 },
  },
};
