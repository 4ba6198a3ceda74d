// Reads a state machine's definition for the local interpreter: refuses by name what aws-local-stepfunctions would get
// wrong or silently ignore, and finds the tasks with what they call.
import { StackError } from '../stack-error.ts';

export type Definition = Readonly<Record<string, unknown>>;

/** A Task state and the function behind it. */
export interface TaskPlan {
  readonly state: string;
  /** Undefined: the function is named by the input, under FunctionName. */
  readonly functionArn: string | undefined;
  /** Why the state cannot be executed here: reaching it fails it, with `refusedError`. */
  readonly refusal?: string;
}

/** The error of a state that only the cloud can execute. A Catch for it, or for States.ALL, takes it. */
export const refusedError = 'EmbeddedStack.DistributedMap';

const invokeResource = 'arn:aws:states:::lambda:invoke';

/** Fields that the interpreter does not know. Each would change what a machine does if it were left out. */
const unknownFields: Readonly<Record<string, string>> = {
  QueryLanguage: 'the embedded stack runs JSONPath machines only',
  Assign: 'variables are not known to the embedded stack',
  ItemReader: 'a distributed map reads from S3 in the cloud only; the embedded stack runs inline maps',
  ItemBatcher: 'batches belong to distributed maps; the embedded stack runs inline maps',
  ResultWriter: 'a distributed map writes to S3 in the cloud only; the embedded stack runs inline maps',
  ToleratedFailureCount: 'belongs to distributed maps; the embedded stack runs inline maps',
  ToleratedFailurePercentage: 'belongs to distributed maps; the embedded stack runs inline maps',
  HeartbeatSeconds: 'heartbeats are not known to the embedded stack',
  Credentials: 'roles are not known to the embedded stack',
};

/** Parts of the context object that the interpreter does not fill in. */
const unknownContext = /\$\$\.(State|Task)\b/;

/** The interpreter gives up on a task after a minute where nothing is said; Step Functions waits on. In seconds. */
const unlimitedS = 2_000_000;

function isDistributed({ Type, ItemProcessor }: Definition): boolean {
  const config = (ItemProcessor as Definition | undefined)?.['ProcessorConfig'] as Definition | undefined;
  return Type === 'Map' && config?.['Mode'] === 'DISTRIBUTED';
}

interface Walked {
  readonly tasks: TaskPlan[];
  readonly definition: Definition;
}

/**
 * @returns the definition to give to the interpreter, and its tasks
 * @throws StackError naming the state and what cannot be run
 */
export function readDefinition(key: string, definition: Definition): Walked {
  const tasks: TaskPlan[] = [];
  const fail = (where: string, why: string): never => {
    throw new StackError(`state machine ${key}, ${where}: ${why}`);
  };

  const machine = (part: Definition, insideMap: boolean): Definition => {
    if (part['QueryLanguage'] !== undefined && part['QueryLanguage'] !== 'JSONPath') {
      fail('QueryLanguage', unknownFields['QueryLanguage'] ?? '');
    }
    const states = Object.entries((part['States'] ?? {}) as Record<string, Definition>);
    return { ...part, States: Object.fromEntries(states.map(([name, one]) => [name, state(name, one, insideMap)])) };
  };

  const state = (name: string, one: Definition, insideMap: boolean): Definition => {
    const where = `state '${name}'`;
    if (isDistributed(one)) return refused(name, one);
    for (const [field, why] of Object.entries(unknownFields)) {
      if (one[field] !== undefined && !(field === 'QueryLanguage' && one[field] === 'JSONPath')) {
        fail(where, `${field}: ${why}`);
      }
    }
    const { States: _, Branches, ItemProcessor, Iterator: iterator, ...own } = one;
    const text = JSON.stringify(own);
    const context = unknownContext.exec(text)?.[0];
    if (context) fail(where, `${context} is not known to the embedded stack`);
    if (insideMap && /\$\$\.Execution\.Input\b/.test(text)) {
      fail(where, '$$.Execution.Input inside a map is the item in the embedded stack: pass it on with ItemSelector');
    }
    if (insideMap && /\$\$\.Map\b/.test(text) && one['Type'] !== 'Map') {
      fail(where, '$$.Map is known to the embedded stack in ItemSelector only');
    }
    switch (one['Type']) {
      case 'Task':
        tasks.push(task(name, String(one['Resource'])));
        return { TimeoutSeconds: unlimitedS, ...one };
      case 'Map': {
        const inner = (ItemProcessor ?? iterator) as Definition | undefined;
        return { ...one, ...(inner && { [ItemProcessor ? 'ItemProcessor' : 'Iterator']: machine(inner, true) }) };
      }
      case 'Parallel':
        return { ...one, Branches: ((Branches ?? []) as Definition[]).map((branch) => machine(branch, insideMap)) };
      default:
        return one;
    }
  };

  /** A machine that may need a distributed map runs here as long as it does not: what stands in for the state fails
   * when it is reached, as the state would, with its Catch and without its Retry. */
  const refused = (name: string, { Catch, Next, End }: Definition): Definition => {
    const refusal = `state '${name}' is a distributed map, which the embedded stack does not execute: it runs inline maps. Deploy the stack to AWS for a dataset of this size`;
    tasks.push({ ...task(name, invokeResource), refusal });
    return {
      Type: 'Task',
      Resource: invokeResource,
      ...(Catch !== undefined && { Catch }),
      ...(End ? { End } : { Next }),
    };
  };

  const task = (name: string, resource: string): TaskPlan => {
    if (tasks.some((known) => known.state === name)) fail(`state '${name}'`, 'another task has the same name');
    if (resource === invokeResource) return { state: name, functionArn: undefined };
    if (resource.includes(':lambda:') && resource.includes(':function:')) return { state: name, functionArn: resource };
    return fail(`state '${name}'`, `the embedded stack cannot call ${resource}; it calls Lambda functions`);
  };

  return { definition: machine(definition, false), tasks };
}
