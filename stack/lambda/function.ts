// One function: as many sandboxes as there are calls at once, up to a limit, kept warm for the next call. Calls beyond
// the limit wait their turn; calls beyond a reserved concurrency are refused, as Lambda refuses them.
import { randomUUID } from 'node:crypto';
import { LogFile } from '../log-file.ts';
import type { FunctionPlan } from '../template/plan-functions.ts';
import {
  type InvocationReport,
  type InvocationResult,
  RequestTooLargeError,
  requestLimitBytes,
  ThrottledError,
} from './invocation.ts';
import { Sandbox } from './sandbox.ts';

export interface FunctionOptions {
  readonly plan: FunctionPlan;
  readonly environment: Readonly<Record<string, string>>;
  /** Takes the function's output, and START, END and REPORT lines. */
  readonly logFile: string;
  /** Sandboxes at most where the template reserves nothing. */
  readonly maxSandboxes: number;
  /** Milliseconds an unused sandbox stays. */
  readonly idleMs: number;
  readonly initLimitMs: number;
  readonly memoryCheckMs: number;
  /** ms since the epoch, by the clock of the function's processes. */
  readonly now: () => number;
  /** Milliseconds a call waits for a sandbox that has answered but not yet asked for its next event. Default 200. */
  readonly patienceMs?: number;
  onReport?(report: InvocationReport): void;
}

interface Waiting {
  readonly requestId: string;
  readonly event: string;
  readonly resolve: (result: InvocationResult) => void;
}

export class LambdaFunction {
  readonly plan: FunctionPlan;
  readonly #options: FunctionOptions;
  readonly #sandboxes = new Set<Sandbox>();
  readonly #queue: Waiting[] = [];
  readonly #log: LogFile;
  readonly #reaper: NodeJS.Timeout;
  readonly #running = new Set<Promise<unknown>>();
  #patience: NodeJS.Timeout | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: FunctionOptions) {
    this.plan = options.plan;
    this.#options = options;
    this.#log = new LogFile(options.logFile);
    this.#reaper = setInterval(() => this.#reap(), Math.max(50, options.idleMs / 4));
    this.#reaper.unref();
  }

  /**
   * Calls the function and waits for its answer, which says so when the function failed.
   * @param event JSON
   * @throws ThrottledError when the reserved concurrency is used up and the call does not wait for capacity;
   *   RequestTooLargeError over 6 MiB
   */
  async invoke(
    event: string,
    options: { readonly requestId?: string; readonly waitForCapacity?: boolean } = {},
  ): Promise<InvocationResult> {
    if (this.#closed) throw new Error(`function ${this.plan.key} is shutting down`);
    const sizeBytes = Buffer.byteLength(event);
    if (sizeBytes > requestLimitBytes) {
      throw new RequestTooLargeError(`the event has ${sizeBytes} bytes; Lambda allows ${requestLimitBytes}`);
    }
    const reserved = this.plan.reservedConcurrency;
    if (reserved !== undefined && !options.waitForCapacity && this.#running.size >= reserved) {
      throw new ThrottledError(`function ${this.plan.key} has ${reserved} concurrent executions, all in use`);
    }
    const done = new Promise<InvocationResult>((resolve) => {
      this.#queue.push({ requestId: options.requestId ?? randomUUID(), event, resolve });
    });
    this.#running.add(done);
    this.#dispatch();
    try {
      return await done;
    } finally {
      this.#running.delete(done);
    }
  }

  /** Live processes, starting, idle or busy. */
  get sandboxCount(): number {
    return this.#sandboxes.size;
  }

  /** Takes no more calls, gives those under way some time, then ends every sandbox. */
  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reaper);
    clearTimeout(this.#patience);
    if (this.#running.size > 0 && graceMs > 0) {
      const { promise: elapsed, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, graceMs);
      await Promise.race([Promise.allSettled(this.#running), elapsed]);
      clearTimeout(timer);
    }
    for (const { resolve, requestId } of this.#queue.splice(0)) resolve(shutdownResult(requestId));
    const gone = [...this.#sandboxes].map((sandbox) => {
      sandbox.kill();
      return this.#goneOf.get(sandbox)?.promise;
    });
    await Promise.all([...gone, ...this.#running]);
    this.#log.close();
  }

  readonly #goneOf = new WeakMap<Sandbox, PromiseWithResolvers<void>>();

  /**
   * Gives waiting calls to free sandboxes, and starts new ones where there are fewer than calls.
   * @param patient wait a moment for sandboxes that have just answered
   */
  #dispatch(patient = true): void {
    while (this.#queue.length > 0) {
      const sandbox = this.#free() ?? (patient && this.#isFreeSoon() ? undefined : this.#start());
      if (!sandbox) return;
      const waiting = this.#queue.shift()!;
      this.#log.write(`START RequestId: ${waiting.requestId}`);
      void sandbox.run(waiting.requestId, waiting.event).then(({ result, report }) => {
        this.#report(report);
        waiting.resolve(result);
      });
    }
  }

  /** The sandbox used last, so that the others may go cold. */
  #free(): Sandbox | undefined {
    let latest: Sandbox | undefined;
    for (const sandbox of this.#sandboxes) {
      if (sandbox.state !== 'idle' || sandbox.occupied) continue;
      if (!latest || sandbox.idleSinceMs > latest.idleSinceMs) latest = sandbox;
    }
    return latest;
  }

  /** Whether sandboxes that have just answered will take all that waits: no process is started for a moment's wait. */
  #isFreeSoon(): boolean {
    let finishing = 0;
    for (const sandbox of this.#sandboxes) if (sandbox.finishing) finishing++;
    if (finishing < this.#queue.length) return false;
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.#dispatch(false);
    }, this.#options.patienceMs ?? 200);
    return true;
  }

  #start(): Sandbox | undefined {
    const limit = Math.min(this.#options.maxSandboxes, this.plan.reservedConcurrency ?? Number.POSITIVE_INFINITY);
    if (this.#sandboxes.size >= limit) return undefined;
    const { environment, initLimitMs, memoryCheckMs, now } = this.#options;
    const sandbox = new Sandbox({
      plan: this.plan,
      environment,
      log: this.#log.descriptor,
      initLimitMs,
      memoryCheckMs,
      now,
      onIdle: () => this.#dispatch(),
      onGone: () => {
        this.#sandboxes.delete(sandbox);
        this.#goneOf.get(sandbox)?.resolve();
        this.#dispatch();
      },
    });
    this.#sandboxes.add(sandbox);
    this.#goneOf.set(sandbox, Promise.withResolvers());
    sandbox.start().catch(() => sandbox.kill());
    return sandbox;
  }

  #reap(): void {
    const before = performance.now() - this.#options.idleMs;
    for (const sandbox of this.#sandboxes) {
      if (sandbox.state === 'idle' && !sandbox.occupied && sandbox.idleSinceMs < before) sandbox.kill();
    }
  }

  #report(report: InvocationReport): void {
    const init = report.initMs === undefined ? '' : `\tInit Duration: ${report.initMs.toFixed(2)} ms`;
    const status = report.status === 'ok' ? '' : `\tStatus: ${report.status}`;
    this.#log.write(`END RequestId: ${report.requestId}`);
    this.#log.write(
      `REPORT RequestId: ${report.requestId}\tDuration: ${report.durationMs.toFixed(2)} ms\t` +
        `Memory Size: ${this.plan.memoryMiB} MB\tMax Memory Used: ${Math.ceil(report.peakMemoryMiB)} MB${init}${status}`,
    );
    this.#options.onReport?.(report);
  }
}

function shutdownResult(requestId: string): InvocationResult {
  const error = { errorType: 'Runtime.Shutdown', errorMessage: 'the embedded stack is shutting down' };
  return { requestId, payload: JSON.stringify(error), failed: true };
}
