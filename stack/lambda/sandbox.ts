// One process that runs one function's bundle, one event at a time, under the function's memory and time limits. When
// the process ends for whatever reason, the event it held is answered with the error Lambda would give.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FunctionPlan } from '../template/plan-functions.ts';
import type { FunctionError, InvocationReport, InvocationResult } from './invocation.ts';
import { peakMemoryMiB } from './memory.ts';
import { RuntimeApi } from './runtime-api.ts';

const bootstrap = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));

export interface SandboxOptions {
  readonly plan: FunctionPlan;
  /** The whole environment of the process but AWS_LAMBDA_RUNTIME_API. */
  readonly environment: Readonly<Record<string, string>>;
  /** File descriptor that takes standard output and error. */
  readonly log: number;
  /** Milliseconds a process may take to load its handler before it is ended. */
  readonly initLimitMs: number;
  /** How often memory is looked at while the process works. */
  readonly memoryCheckMs: number;
  /** ms since the epoch, by the clock of the process. */
  readonly now: () => number;
  /** The sandbox waits for its next event. */
  onIdle(): void;
  /** The process has ended; the sandbox takes no more events. */
  onGone(): void;
}

interface Job {
  readonly requestId: string;
  readonly event: string;
  startedMs: number;
  settle(result: InvocationResult, status: InvocationReport['status']): void;
}

type Ending = 'timeout' | 'out-of-memory' | 'init-timeout';

export class Sandbox {
  readonly #options: SandboxOptions;
  readonly #api: RuntimeApi;
  #process: ChildProcess | undefined;
  #state: 'starting' | 'idle' | 'busy' | 'gone' = 'starting';
  #job: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #memoryTimer: NodeJS.Timeout | undefined;
  #ending: Ending | undefined;
  #initError: FunctionError | undefined;
  readonly #spawnedMs = performance.now();
  #initMs: number | undefined;
  #peakMiB = 0;
  idleSinceMs = 0;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#api = new RuntimeApi({
      onReady: () => this.#ready(),
      onInitError: (error) => {
        this.#initError = error;
      },
      onResponse: (requestId, payload) => this.#finish(requestId, payload, false),
      onError: (requestId, error) => this.#finish(requestId, JSON.stringify(error), true),
    });
  }

  /** Has answered its event and is about to ask for the next: free in a moment. */
  get finishing(): boolean {
    return this.#state === 'busy' && !this.#job;
  }

  get state(): 'starting' | 'idle' | 'busy' | 'gone' {
    return this.#state;
  }

  /** Whether it holds an event, delivered or not. */
  get occupied(): boolean {
    return this.#job !== undefined;
  }

  async start(): Promise<void> {
    const { plan, environment, log, initLimitMs } = this.#options;
    const address = await this.#api.start();
    if (this.#state === 'gone') return this.#api.stop();
    // As Lambda's runtime does: the heap may take nine tenths of the memory before V8 gives up.
    const heapMiB = Math.floor(plan.memoryMiB * 0.9);
    this.#process = spawn(process.execPath, [`--max-old-space-size=${heapMiB}`, bootstrap], {
      cwd: plan.codeFolder,
      env: { ...environment, AWS_LAMBDA_RUNTIME_API: address },
      // The pipe carries nothing: it ends with the stack, also when that is killed, and the process ends with it.
      stdio: ['pipe', log, log],
      // A process group of its own: Ctrl-C in the terminal reaches the stack only, which then ends its sandboxes.
      detached: true,
    });
    this.#process.on('error', (error) => {
      this.#initError ??= { errorType: 'Runtime.StartError', errorMessage: error.message };
      this.#gone(null, null);
    });
    this.#process.on('exit', (code, signal) => this.#gone(code, signal));
    this.#timer = setTimeout(() => this.#end('init-timeout'), initLimitMs);
    this.#watchMemory();
  }

  /** Gives the sandbox its event; only one at a time. Resolves always, with the error if the process ends. */
  run(requestId: string, event: string): Promise<{ result: InvocationResult; report: InvocationReport }> {
    if (this.#job) throw new Error('the sandbox already holds an event');
    return new Promise((resolve) => {
      const first = this.#state === 'starting';
      this.#job = {
        requestId,
        event,
        startedMs: performance.now(),
        settle: (result, status) => {
          const durationMs = this.#job ? performance.now() - this.#job.startedMs : 0;
          const report: InvocationReport = {
            functionKey: this.#options.plan.key,
            requestId,
            durationMs,
            initMs: first ? this.#initMs : undefined,
            peakMemoryMiB: this.#peakMiB,
            status,
          };
          this.#job = undefined;
          resolve({ result, report });
        },
      };
      if (this.#state === 'idle') this.#deliver();
    });
  }

  /** Ends the process now; an event it holds is answered as a crash. */
  kill(): void {
    if (this.#state === 'gone') return;
    const pid = this.#process?.pid;
    if (pid === undefined) {
      this.#gone(null, 'SIGKILL');
      return;
    }
    try {
      if (process.platform === 'win32') this.#process?.kill('SIGKILL');
      else process.kill(-pid, 'SIGKILL');
    } catch {
      this.#process?.kill('SIGKILL');
    }
  }

  #ready(): void {
    if (this.#state === 'gone') return;
    this.#initMs ??= performance.now() - this.#spawnedMs;
    clearTimeout(this.#timer);
    this.#state = 'idle';
    this.idleSinceMs = performance.now();
    if (this.#job) this.#deliver();
    else {
      clearInterval(this.#memoryTimer);
      this.#options.onIdle();
    }
  }

  #deliver(): void {
    const { plan, now } = this.#options;
    const job = this.#job!;
    job.startedMs = performance.now();
    this.#state = 'busy';
    const limitMs = plan.timeoutS * 1000;
    this.#timer = setTimeout(() => this.#end('timeout'), limitMs);
    this.#watchMemory();
    this.#api.deliver({
      requestId: job.requestId,
      functionArn: plan.arn,
      deadlineMs: now() + limitMs,
      event: job.event,
    });
  }

  #finish(requestId: string, payload: string, failed: boolean): void {
    const job = this.#job;
    if (job?.requestId !== requestId) return;
    // The time limit stays until the process asks for its next event: work after the answer counts too.
    job.settle({ requestId, payload, failed }, failed ? 'error' : 'ok');
  }

  #end(why: Ending): void {
    this.#ending ??= why;
    this.kill();
  }

  #watchMemory(): void {
    clearInterval(this.#memoryTimer);
    const { memoryCheckMs, plan } = this.#options;
    this.#memoryTimer = setInterval(() => {
      const pid = this.#process?.pid;
      if (pid === undefined) return;
      void peakMemoryMiB(pid).then((peakMiB) => {
        this.#peakMiB = Math.max(this.#peakMiB, peakMiB);
        if (this.#peakMiB > plan.memoryMiB) this.#end('out-of-memory');
      });
    }, memoryCheckMs);
    this.#memoryTimer.unref();
  }

  #gone(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    clearTimeout(this.#timer);
    clearInterval(this.#memoryTimer);
    this.#api.stop();
    if (this.#job) {
      const { requestId } = this.#job;
      const { error, status } = this.#explain(requestId, code, signal);
      this.#job.settle({ requestId, payload: JSON.stringify(error), failed: true }, status);
    }
    this.#options.onGone();
  }

  /** Why the process ended, in Lambda's words. */
  #explain(
    requestId: string,
    code: number | null,
    signal: NodeJS.Signals | null,
  ): { error: FunctionError; status: InvocationReport['status'] } {
    const { timeoutS } = this.#options.plan;
    const sandboxError = (errorType: string, what: string): FunctionError => ({
      errorType,
      errorMessage: `RequestId: ${requestId} Error: ${what}`,
    });
    if (this.#initError) return { error: this.#initError, status: 'error' };
    if (this.#ending === 'timeout') {
      const what = `Task timed out after ${timeoutS.toFixed(2)} seconds`;
      return { error: sandboxError('Sandbox.Timedout', what), status: 'timeout' };
    }
    if (this.#ending === 'init-timeout') {
      return { error: sandboxError('Sandbox.Timedout', 'Init timed out'), status: 'timeout' };
    }
    // V8 aborts when its heap is full; Lambda's own watch kills when the whole process is over the limit.
    const names: Record<string, string> = { SIGKILL: 'killed', SIGABRT: 'aborted', SIGSEGV: 'segmentation fault' };
    const how = signal ? `signal: ${names[signal] ?? signal}` : `exit status ${code}`;
    const outOfMemory = this.#ending === 'out-of-memory';
    const what = code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${how}`;
    return { error: sandboxError('Runtime.ExitError', what), status: outOfMemory ? 'out-of-memory' : 'crash' };
  }
}
