// What really runs the networks: a runtime is asked with one of them before anything else, because much of what makes a
// target is only said while it measures. The device owner's own words stand where it says nothing.
import { DomainError } from '#core/errors.ts';
import { type Reported, reportOf } from '../runtimes/reported.ts';
import type { MeasureRequest, Runtime } from '../runtimes/runtime.ts';
import type { MeasuringOptions } from './measuring-options.ts';

/** One warm inference or two: what it says is wanted, not how long it takes. */
const briefRule: MeasureRequest['rule'] = {
  warmUp: { minRuns: 1, windowMs: 1, tolerance: 1, maxMs: 1 },
  sampling: { minRuns: 1, maxRuns: 5, minMs: 0, maxMs: 1, tolerance: 1 },
};

/** What a runtime reports while it measures: of the first network that it can run.
 * @param request for the path of a model; its rule is not used
 * @param models paths, each made when it is asked for
 * @returns undefined without models
 * @throws DomainError `cancelled` and `program-missing` at once, else the code of the last failure when it can run
 * none */
export async function askRuntime(
  runtime: Runtime,
  request: Omit<MeasureRequest, 'modelPath' | 'rule'>,
  models: readonly (() => string)[],
): Promise<Reported | undefined> {
  let last: DomainError | undefined;
  for (const model of models) {
    try {
      return reportOf(await runtime.measure({ ...request, rule: briefRule, modelPath: model() }));
    } catch (error) {
      if (!(error instanceof DomainError) || !passing.includes(error.code)) throw error;
      last = error;
    }
  }
  if (last === undefined) return undefined;
  const message = `none of ${models.length} networks could be measured: ${last.message}`;
  throw new DomainError(last.code, message, { cause: last });
}

/** Another network may fare better. */
const passing: readonly string[] = ['program-failed', 'program-timeout', 'program-output'];

/** A report with what the device owner says where the runtime says nothing.
 * @throws DomainError `invalid-usage` where the two contradict each other, or for the name of a runtime that has one */
export function withOwnersWords(
  options: Pick<MeasuringOptions, 'runtime' | 'runtimeName' | 'runtimeVersion' | 'accelerator'>,
  reported: Reported,
): Reported {
  if (options.runtimeName !== undefined && options.runtime !== 'command') {
    throw new DomainError('invalid-usage', `--runtime-name is for --runtime command; this is ${options.runtime}`);
  }
  const accelerator = either('--accelerator', options.accelerator, reported.accelerator);
  const runtimeName = either('--runtime-name', options.runtimeName, reported.runtimeName);
  return {
    ...reported,
    version: either('--runtime-version', options.runtimeVersion, reported.version ?? undefined) ?? null,
    ...(accelerator === undefined ? {} : { accelerator }),
    ...(runtimeName === undefined ? {} : { runtimeName }),
  };
}

function either(option: string, given: string | undefined, reported: string | undefined): string | undefined {
  if (given === undefined || reported === undefined || given === reported) return reported ?? given;
  throw new DomainError('invalid-usage', `${option} '${given}': the runtime itself says '${reported}'; leave it out`);
}

/** What to ask the device owner for; undefined: nothing. */
export function askForName(runtime: MeasuringOptions['runtime'], reported: Reported): string | undefined {
  if (runtime !== 'command' || reported.runtimeName !== undefined) return undefined;
  return (
    'which runtime is behind the command? Name it with --runtime-name, such as --runtime-name tvm, or ' +
    'let the program print "runtime" beside "latenciesMs": without a name, two of the same version are one target\n'
  );
}
