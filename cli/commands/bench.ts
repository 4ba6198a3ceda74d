// `sugarbush bench`: how fast, on this machine, as medians and spreads with what it was measured against in the same
// run.
import { defineCommand, jsonFlag, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, listOf } from '#command-line/values.ts';
import type { BundledPredict } from '../bench/bundled-predict.ts';

const options = {
  steps: {
    value: 'STEPS',
    help: 'training: gradient steps of a fit, 100 or more',
    schema: integerBetween(100, 1e6),
    default: '800',
  },
  rounds: { value: 'FITS', help: 'training: fits of each kind', schema: integerBetween(1, 1000), default: '2' },
  sizes: {
    value: 'TARGETS',
    help: 'training-scale: numbers of targets, one run for each',
    schema: listOf(integerBetween(1, 1e6)),
    default: '10,100,1000,10000',
  },
  seconds: {
    value: 'S',
    help: 'load: longest round, of twelve',
    schema: integerBetween(1, 60),
    default: '5',
  },
  names: {
    value: 'TARGETS',
    help: 'worst-requests: targets among which the nearest of a wrong name are sought',
    schema: integerBetween(1, 100_000),
    default: '10000',
  },
  json: jsonFlag,
};

interface Part {
  readonly title: string;
  /** `faults`: what is not as it has to be; the command fails for them. */
  run(
    given: Values<typeof options>,
    note: (line: string) => void,
  ): Promise<{ data: unknown; text: string; faults?: readonly string[] }>;
}

const parts: Readonly<Record<string, Part>> = {
  predict: {
    title: 'Warm prediction through the bundled handler (NAS-Bench-201, one target, 10 measurements)',
    run: () =>
      withDeployed(async (deployed) => {
        const { benchPredict, predictTable } = await import('../bench/predict.ts');
        const data = await benchPredict(deployed);
        return { data, text: predictTable(data) };
      }),
  },
  'cold-start': {
    title: 'Cold start of the predict function',
    run: () =>
      withDeployed(async (deployed) => {
        const { benchColdStart, coldStartTable } = await import('../bench/cold-start.ts');
        const data = await benchColdStart(deployed);
        return { data, text: coldStartTable(data) };
      }),
  },
  training: {
    title: 'Training on the published splits',
    async run({ steps, rounds }, note) {
      const { benchTraining, trainingTable } = await import('../bench/training.ts');
      const data = await benchTraining({ steps, rounds, onProgress: note });
      return { data, text: trainingTable(data) };
    },
  },
  'training-scale': {
    title: 'A training run with ever more targets, and what it is billed for',
    async run({ sizes }, note) {
      const { benchTrainingScale, trainingScaleTable } = await import('../bench/training-scale.ts');
      const data = await benchTrainingScale(sizes, note);
      return { data, text: trainingScaleTable(data) };
    },
  },
  ingest: {
    title: 'From the field: profiles of ten measurements, each of a new target, on the embedded stack',
    async run(_, note) {
      const { benchIngest, ingestTable } = await import('../bench/ingest.ts');
      const data = await benchIngest(note);
      return { data, text: ingestTable(data) };
    },
  },
  load: {
    title: 'Load: the embedded stack beside the bare handler (NAS-Bench-201, one target)',
    run: ({ seconds }, note) =>
      withDeployed(async (deployed) => {
        const { benchLoad, loadTable } = await import('../bench/load.ts');
        const data = await benchLoad(deployed, seconds, note);
        return { data, text: loadTable(data) };
      }),
  },
  'worst-requests': {
    title: 'The worst request of each route, refused and answered (Linux only)',
    async run({ names }, note) {
      const { benchWorstRequests } = await import('../bench/worst/requests.ts');
      const { worstFaults, worstTable } = await import('../bench/worst/verdict.ts');
      const data = await benchWorstRequests({ names, onProgress: note });
      return { data, text: worstTable(data), faults: worstFaults(data) };
    },
  },
};

async function withDeployed<T>(use: (deployed: BundledPredict) => Promise<T>): Promise<T> {
  const { bundledPredict } = await import('../bench/bundled-predict.ts');
  const deployed = await bundledPredict();
  try {
    return await use(deployed);
  } finally {
    await deployed.close();
  }
}

export const benchCommand = defineCommand({
  options,
  operands: { value: 'PART', help: 'which; all without', allowed: Object.keys(parts) },
  notes: 'training compares with the Python reference where SUGARBUSH_REFERENCE names its file and torch is installed.',
  async run(given, { out, say }, asked) {
    const { machineContext } = await import('../bench/machine.ts');
    const machine = machineContext();
    const { cpu, cores, node, onnxruntime, load1 } = machine;
    const results: Record<string, unknown> = { machine };
    let failed = false;
    const tell = (text: string): void => (given.json ? say : out)(`${text}\n`);
    tell(`${cpu}, ${cores} cores, load ${load1.toFixed(2)}, Node ${node}, ONNX Runtime ${onnxruntime}`);
    for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
      const part = parts[name]!;
      tell(`\n${part.title}`);
      const { data, text, faults = [] } = await part.run(given, (line) => say(`  ${line}\n`));
      results[name] = data;
      failed ||= faults.length > 0;
      tell(text);
    }
    if (given.json) out(`${JSON.stringify(results)}\n`);
    return failed ? exitCodes.failed : exitCodes.done;
  },
});
