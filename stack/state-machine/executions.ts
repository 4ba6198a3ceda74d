// Executions of the template's state machines: started, described, stopped, kept in files, and taken up again after the
// stack was closed or killed in the middle. The interpreter is aws-local-stepfunctions; tasks run on the Lambda
// runtime.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { StateMachine as Interpreter, StateMachineDefinition } from 'aws-local-stepfunctions';
import * as z from 'zod';
import { makeWithParents } from '#command-line/make-folder.ts';
import { writeDurably } from '../durable-file.ts';
import { isDiskFull, sayDiskFull } from '../full-disk.ts';
import { type InvocationResult, RequestTooLargeError, ThrottledError } from '../lambda/invocation.ts';
import { LogFile } from '../log-file.ts';
import { setAside } from '../set-aside.ts';
import type { StateMachinePlan } from '../template/plan-training.ts';
import { readDefinition, refusedError, type TaskPlan } from './definition.ts';
import { ExecutionJournal, StateTaskError } from './journal.ts';

const executionSchema = z.object({
  name: z.string(),
  arn: z.string(),
  stateMachineArn: z.string(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  /** JSON text. */
  input: z.string(),
  output: z.string().optional(),
  error: z.string().optional(),
  cause: z.string().optional(),
  startedMs: z.number(),
  stoppedMs: z.number().optional(),
});
export type Execution = z.infer<typeof executionSchema>;

/** An error of the Step Functions API; the name is its code. */
export class StepFunctionsError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** A task whose execution is over or suspended: its outcome means nothing. */
class CutOff extends Error {
  override readonly name = 'CutOff';
}

export interface ExecutionsOptions {
  readonly machines: readonly StateMachinePlan[];
  /** Executions and their journals. */
  readonly folder: string;
  /** One log for each machine. */
  readonly logFolder: string;
  /** ms since the epoch. */
  readonly now: () => number;
  invoke(functionArn: string, event: string): Promise<InvocationResult>;
}

interface Machine {
  readonly plan: StateMachinePlan;
  readonly tasks: readonly TaskPlan[];
  readonly interpreter: Interpreter;
  readonly log: LogFile;
}

/** Between two tries to write down an execution that ended while the disk was full. */
const saveAgainMs = 2000;

export class Executions {
  readonly #options: ExecutionsOptions;
  readonly #machines = new Map<string, Machine>();
  readonly #executions = new Map<string, Execution>();
  readonly #running = new Map<string, { readonly abort: () => void; readonly journal: ExecutionJournal }>();
  /** Ended executions whose record found no space, with their journals. */
  readonly #unsaved = new Map<string, ExecutionJournal | undefined>();
  #saveTimer: NodeJS.Timeout | undefined;
  #suspended = false;

  private constructor(options: ExecutionsOptions) {
    this.#options = options;
  }

  /** @throws StackError for a definition that the interpreter cannot run */
  static async open(options: ExecutionsOptions): Promise<Executions> {
    const opened = new Executions(options);
    makeWithParents(options.folder);
    // Loaded only where there is a machine: the interpreter brings the Lambda client along.
    const { StateMachine } = await import('aws-local-stepfunctions');
    for (const plan of options.machines) {
      const { definition, tasks } = readDefinition(plan.key, plan.definition);
      const interpreter = new StateMachine(definition as unknown as StateMachineDefinition, {
        validationOptions: { checkArn: false },
      });
      const log = new LogFile(join(options.logFolder, `${plan.key.replaceAll('/', '-')}.log`));
      opened.#machines.set(plan.arn, { plan, tasks, interpreter, log });
    }
    for (const file of readdirSync(options.folder).filter((name) => name.endsWith('.json'))) {
      const execution = readExecution(join(options.folder, file));
      if (execution) opened.#executions.set(execution.arn, execution);
    }
    return opened;
  }

  /** Goes on with what was running when the stack ended. @returns how many */
  resume(): number {
    const running = [...this.#executions.values()].filter(({ status }) => status === 'RUNNING');
    for (const execution of running) {
      if (this.#machines.has(execution.stateMachineArn)) this.#run(execution);
      else this.#end(execution, { status: 'FAILED', error: 'States.Runtime', cause: 'the state machine is gone' });
    }
    return running.length;
  }

  /**
   * Starting twice under one name with one input is starting once.
   * @throws StepFunctionsError
   */
  start(stateMachineArn: string, input: string, name: string = randomUUID()): Execution {
    const machine = this.#machines.get(stateMachineArn);
    if (!machine)
      throw new StepFunctionsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    if (!/^[\w-]{1,80}$/.test(name)) throw new StepFunctionsError('InvalidName', `Invalid Name: '${name}'`);
    parseInput(input);
    const arn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const before = this.#executions.get(arn);
    if (before) {
      if (before.status === 'RUNNING' && before.input === input) return before;
      throw new StepFunctionsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    if (this.#suspended) throw new StepFunctionsError('ServiceUnavailable', 'the embedded stack is shutting down');
    const execution: Execution = {
      name,
      arn,
      stateMachineArn,
      status: 'RUNNING',
      input,
      startedMs: this.#options.now(),
    };
    try {
      this.#keep(execution);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      throw new StepFunctionsError('ServiceUnavailable', 'there is no space left on the disk of the embedded stack');
    }
    this.#run(execution);
    return execution;
  }

  /** @throws StepFunctionsError */
  describe(arn: string): Execution {
    const execution = this.#executions.get(arn);
    if (!execution) throw new StepFunctionsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  }

  /** Newest first. */
  list(stateMachineArn: string, status?: string): Execution[] {
    return [...this.#executions.values()]
      .filter((each) => each.stateMachineArn === stateMachineArn && (status === undefined || each.status === status))
      .sort((a, b) => b.startedMs - a.startedMs);
  }

  /** Ends an execution; a task that runs is left to itself, as in the cloud. @throws StepFunctionsError */
  stop(arn: string, error?: string, cause?: string): Execution {
    const execution = this.describe(arn);
    if (execution.status !== 'RUNNING') return execution;
    const ended = this.#end(execution, { status: 'ABORTED', ...(error && { error }), ...(cause && { cause }) });
    return ended;
  }

  /** Leaves everything as it is, to be taken up by `resume` after the next start. */
  suspend(): void {
    this.#suspended = true;
    clearTimeout(this.#saveTimer);
    this.#saveUnsaved();
    for (const { abort } of this.#running.values()) abort();
  }

  #run(execution: Execution): void {
    const machine = this.#machines.get(execution.stateMachineArn)!;
    const journal = new ExecutionJournal(this.#file(execution, 'journal'));
    const handlers = machine.tasks.map(({ state, functionArn, refusal }) => [
      state,
      (input: unknown) =>
        journal.answer(state, input, () => {
          if (refusal !== undefined) throw new StateTaskError(refusedError, refusal);
          return this.#call(execution, functionArn, input);
        }),
    ]);
    const { result, abort, eventLogs } = machine.interpreter.run(JSON.parse(execution.input), {
      overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
      context: {
        Execution: { Id: execution.arn, Name: execution.name, RoleArn: 'arn:aws:iam::000000000000:role/local' },
        StateMachine: { Id: execution.stateMachineArn, Name: machine.plan.name },
      },
    });
    this.#running.set(execution.arn, { abort, journal });
    void this.#log(machine, execution, eventLogs);
    const settled = result.then(
      (output) => ({ status: 'SUCCEEDED' as const, output: JSON.stringify(output) }),
      (error: Error) => explain(error),
    );
    void settled.then((outcome) => {
      // A stopped execution has its end already; a suspended one goes on after the next start.
      if (this.#suspended || this.describe(execution.arn).status !== 'RUNNING') return;
      this.#end(execution, outcome);
    });
  }

  /**
   * Runs one task.
   * @throws TaskError when it fails; CutOff, which no journal keeps, when the execution is over or suspended meanwhile
   */
  async #call(execution: Execution, functionArn: string | undefined, input: unknown): Promise<unknown> {
    const isOver = (): boolean => this.#suspended || this.describe(execution.arn).status !== 'RUNNING';
    // The interpreter goes on retrying a task of an execution that was stopped.
    if (isOver()) throw new CutOff();
    const { FunctionName, Payload } = (functionArn ? { FunctionName: functionArn, Payload: input } : input) as {
      FunctionName: string;
      Payload: unknown;
    };
    let result: InvocationResult;
    try {
      result = await this.#options.invoke(FunctionName.replace(/:\$LATEST$/, ''), JSON.stringify(Payload ?? {}));
    } catch (error) {
      if (isOver()) throw new CutOff();
      if (error instanceof ThrottledError) throw new StateTaskError('Lambda.TooManyRequestsException', error.message);
      if (error instanceof RequestTooLargeError)
        throw new StateTaskError('Lambda.RequestTooLargeException', error.message);
      throw new StateTaskError('Lambda.Unknown', String(error));
    }
    if (result.failed) {
      if (isOver()) throw new CutOff();
      const { errorType } = JSON.parse(result.payload) as { errorType: string };
      throw new StateTaskError(errorType, result.payload);
    }
    const answer: unknown = JSON.parse(result.payload);
    return functionArn ? answer : { ExecutedVersion: '$LATEST', Payload: answer, StatusCode: 200 };
  }

  async #log(
    machine: Machine,
    execution: Execution,
    events: ReturnType<Interpreter['run']>['eventLogs'],
  ): Promise<void> {
    for await (const event of events) {
      // Inputs and outputs stay out: they may be large, and the journal has them.
      const { type, timestamp, state, index, Error: error, Cause } = event as unknown as Record<string, unknown>;
      const line = { time: new Date(timestamp as number).toISOString(), execution: execution.name, type };
      const name = (state as { name?: string } | undefined)?.name;
      machine.log.write(JSON.stringify({ ...line, state: name, index, error, cause: Cause }));
    }
  }

  #end(execution: Execution, outcome: Pick<Execution, 'status' | 'output' | 'error' | 'cause'>): Execution {
    const ended = { ...execution, ...outcome, stoppedMs: this.#options.now() };
    const running = this.#running.get(execution.arn);
    this.#running.delete(execution.arn);
    this.#executions.set(execution.arn, ended);
    this.#unsaved.set(execution.arn, running?.journal);
    this.#saveUnsaved();
    running?.abort();
    return ended;
  }

  /** Writes down how executions ended. One that finds no space keeps its journal, from which a stack that is started
   * meanwhile comes to the same end, and is written down later. */
  #saveUnsaved(): void {
    try {
      for (const [arn, journal] of this.#unsaved) {
        this.#keep(this.describe(arn));
        journal?.remove();
        this.#unsaved.delete(arn);
      }
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      sayDiskFull('How executions ended is written down later.');
      if (!this.#suspended) this.#saveTimer = setTimeout(() => this.#saveUnsaved(), saveAgainMs).unref();
    }
  }

  #keep(execution: Execution): void {
    const file = this.#file(execution, 'json');
    writeDurably(file, JSON.stringify(execution));
    this.#executions.set(execution.arn, execution);
  }

  #file(execution: Execution, extension: 'json' | 'journal'): string {
    const machine = execution.stateMachineArn.split(':').at(-1);
    return join(this.#options.folder, `${machine}.${execution.name}.${extension}`);
  }
}

/** The record in a file; undefined where it is damaged, and then the file is set aside. */
function readExecution(file: string): Execution | undefined {
  try {
    return executionSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    const consequence =
      'This execution is forgotten. If it was a training run under way, a new one of its search space can start once ' +
      'the run has been silent for 45 minutes.';
    setAside(file, dirname(file), 'it is not the record of an execution', consequence);
    return undefined;
  }
}

function parseInput(input: string): void {
  try {
    JSON.parse(input);
  } catch {
    throw new StepFunctionsError('InvalidExecutionInput', 'Invalid State Machine Execution Input: it is not JSON');
  }
}

/** How a failed run ended, from what the interpreter throws. */
function explain(error: Error): Pick<Execution, 'status' | 'error' | 'cause'> {
  if (error.name === 'ExecutionTimeoutError') return { status: 'TIMED_OUT' };
  if (error.name === 'ExecutionAbortedError') return { status: 'ABORTED' };
  const failure = error.cause instanceof Error ? error.cause : error;
  return { status: 'FAILED', error: failure.name, cause: failure.message };
}
