// What a runtime or a program says of itself while it measures: which engine in which version ran the network on what.
// It is part of what a target is, so that results of two engines or two accelerators are never taken for one target's.
import { DomainError } from '#core/errors.ts';
import { slug } from '#core/text/slug.ts';
import { tidyText } from '../tidy-text.ts';
import type { Runtime } from './runtime.ts';

export interface Reported {
  /** null: it does not say. */
  readonly version: string | null;
  /** Model of the accelerator that the network ran on; absent where it does not say. */
  readonly accelerator?: string;
  /** Name of the engine behind a command; absent where it does not say. */
  readonly runtimeName?: string;
  /** Absent where it does not say. */
  readonly executionProvider?: string;
  /** Others that change latency, by the names that a target's settings have: `delegate`, `powerMode`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What a program says of itself, as it says it; what it leaves out is not known. */
export interface RawReport {
  readonly version?: string | undefined;
  readonly accelerator?: string | undefined;
  readonly runtime?: string | undefined;
  readonly executionProvider?: string | undefined;
  readonly delegate?: string | undefined;
  readonly powerMode?: string | undefined;
}

/** A report in the words of a profile: one line each, names in lower case. Total. */
export function readReport(raw: RawReport): Reported {
  const accelerator = tidyText(raw.accelerator, 96);
  const runtimeName = asIdentifier(raw.runtime);
  // ONNX Runtime's names are such as CUDAExecutionProvider.
  const executionProvider = asIdentifier(raw.executionProvider?.replace(/\s*ExecutionProvider$/i, ''));
  const settings = Object.fromEntries(
    (['delegate', 'powerMode'] as const).flatMap((name) => {
      const text = tidyText(raw[name], 64);
      return text === null ? [] : [[name, text] as const];
    }),
  );
  return {
    version: tidyText(raw.version, 48),
    ...(accelerator === null ? {} : { accelerator }),
    ...(runtimeName === undefined ? {} : { runtimeName }),
    ...(executionProvider === undefined ? {} : { executionProvider }),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  };
}

function asIdentifier(text: string | undefined): string | undefined {
  return (
    slug(text ?? '')
      .slice(0, 48)
      .replace(/-$/, '') || undefined
  );
}

/** Only what a report is, of something that holds more. */
export function reportOf(measured: Reported): Reported {
  const { version, accelerator, runtimeName, executionProvider, settings } = measured;
  return {
    version,
    ...(accelerator === undefined ? {} : { accelerator }),
    ...(runtimeName === undefined ? {} : { runtimeName }),
    ...(executionProvider === undefined ? {} : { executionProvider }),
    ...(settings === undefined ? {} : { settings }),
  };
}

/** What two reports say differently, in words; what one of them does not say is no difference.
 * @returns undefined where they agree */
export function reportDifference(before: Reported, now: Reported): string | undefined {
  const [then, later] = [facts(before), facts(now)];
  for (const [name, value] of Object.entries(then)) {
    const other = later[name];
    if (other !== undefined && other !== value) return `${name} '${other}' and not '${value}'`;
  }
  return undefined;
}

/** The facts of a report, each under the word that people know it by. */
function facts({ version, accelerator, runtimeName, executionProvider, settings }: Reported): Record<string, string> {
  const { delegate, powerMode } = settings ?? {};
  const named = {
    runtime: runtimeName,
    version: version ?? undefined,
    'execution provider': executionProvider,
    accelerator,
    delegate,
    'power mode': powerMode,
  };
  return Object.fromEntries(Object.entries(named).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/** The same runtime, which takes no result that was measured on something else than it said at first.
 * @throws DomainError (of `measure`) `program-output` for such a result */
export function holdTo(reported: Reported, runtime: Runtime): Runtime {
  return {
    ...runtime,
    async measure(request) {
      const measured = await runtime.measure(request);
      const difference = reportDifference(reported, measured);
      if (difference === undefined) return measured;
      throw new DomainError(
        'program-output',
        `measured with ${difference}, as the target says: not mixed with the rest`,
      );
    },
  };
}
