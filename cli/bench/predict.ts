// Warm predictions through the bundled handler, against the bare forward pass and against JSON parsing and printing
// alone: what a request costs beyond what nobody can avoid.
import { pathToFileURL } from 'node:url';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadOf } from '#core/search-space/workload.ts';
import type { BundledPredict } from './bundled-predict.ts';
import { interleaved, type Timing } from './statistics.ts';

export interface PredictResult {
  readonly architectures: number;
  readonly handler: Timing;
  readonly forward: Timing;
  readonly json: Timing;
  readonly handlerOverForward: number;
  readonly predictionsPerSecond: number;
}

interface Reply {
  readonly statusCode: number;
  readonly body: string;
}

const sizes = [
  { architectures: 1, rounds: 200 },
  { architectures: 64, rounds: 200 },
  { architectures: 1024, rounds: 60 },
  { architectures: 15625, rounds: 20 },
];

/** Times warm requests through the bundled function and the bare forward pass in turn, by number of architectures. */
export async function benchPredict(deployed: BundledPredict): Promise<PredictResult[]> {
  const { handler } = (await import(pathToFileURL(`${deployed.codeFolder}/index.mjs`).href)) as {
    handler(event: unknown, context: unknown): Promise<Reply>;
  };
  const space = searchSpace('nasbench201');
  const workload = workloadOf({ searchSpace: space.id });
  const predictor = await loadPredictor(deployed.bundle);
  const results: PredictResult[] = [];
  for (const { architectures, rounds } of sizes) {
    const texts = deployed.architectures.slice(0, architectures);
    const parsed = texts.map((text) => space.parse(text));
    const event = deployed.event(texts);
    const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000, functionName: 'bench' };
    // Handlers add to their event.
    const call = (): Promise<Reply> => handler({ ...(event as object) }, context);
    const first = await call();
    if (first.statusCode !== 200) throw new Error(`the handler answered ${first.statusCode}: ${first.body}`);
    const request = (event as { body: string }).body;
    const reply: unknown = JSON.parse(first.body);
    const timings = await interleaved(rounds, {
      handler: call,
      forward: () => predictor.forward([{ workload, architectures: parsed }]),
      json: () => [JSON.parse(request), JSON.stringify(reply)],
    });
    results.push({
      architectures,
      ...timings,
      handlerOverForward: timings.handler.medianMs / timings.forward.medianMs,
      predictionsPerSecond: (1000 * architectures) / timings.handler.medianMs,
    });
  }
  await predictor.close();
  return results;
}

/** The times of warm predictions as lines for a terminal. */
export function predictTable(results: readonly PredictResult[]): string {
  const ms = ({ medianMs, spreadMs }: Timing): string => `${medianMs.toFixed(2)} ± ${spreadMs.toFixed(2)}`;
  const lines = results.map((r) =>
    [
      String(r.architectures).padStart(13),
      ms(r.handler).padStart(16),
      ms(r.forward).padStart(16),
      ms(r.json).padStart(16),
      r.handlerOverForward.toFixed(1).padStart(17),
      Math.round(r.predictionsPerSecond).toLocaleString('en-US').padStart(13),
    ].join('  '),
  );
  return [
    'architectures       handler ms        forward ms           JSON ms  handler / forward  predictions/s',
    ...lines,
  ].join('\n');
}
