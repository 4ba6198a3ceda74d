// `npm run bench [-- part …] [--json]`: how fast, on this machine, as medians and spreads with what it was measured
// against in the same run. Without names: all parts.
import { parseArgs } from 'node:util';
import { bundledPredict } from './bench/bundled-predict.ts';
import { benchColdStart, coldStartTable } from './bench/cold-start.ts';
import { benchIngest, ingestTable } from './bench/ingest.ts';
import { machineContext } from './bench/machine.ts';
import { benchPredict, predictTable } from './bench/predict.ts';
import { benchTraining, trainingTable } from './bench/training.ts';
import { benchTrainingScale, trainingScaleTable } from './bench/training-scale.ts';

interface Part {
  readonly title: string;
  run(): Promise<{ readonly data: unknown; readonly text: string }>;
}

const parts: Readonly<Record<string, Part>> = {
  predict: {
    title: 'Warm prediction through the bundled handler (NAS-Bench-201, one target, 10 measurements)',
    run: () =>
      withDeployed(async (deployed) => {
        const data = await benchPredict(deployed);
        return { data, text: predictTable(data) };
      }),
  },
  'cold-start': {
    title: 'Cold start of the predict function',
    run: () =>
      withDeployed(async (deployed) => {
        const data = await benchColdStart(deployed);
        return { data, text: coldStartTable(data) };
      }),
  },
  training: {
    title: 'Training (800 steps on the published splits)',
    run: async () => {
      const data = await benchTraining({ onProgress: (done) => process.stderr.write(`  ${done}\n`) });
      return { data, text: trainingTable(data) };
    },
  },
  'training-scale': {
    title: 'A training run with ever more targets, and what it is billed for',
    run: async () => {
      const data = await benchTrainingScale(undefined, (done) => process.stderr.write(`  ${done}\n`));
      return { data, text: trainingScaleTable(data) };
    },
  },
  ingest: {
    title: 'From the field: profiles of ten measurements, each of a new target, on the embedded stack',
    run: async () => {
      const data = await benchIngest((text) => process.stderr.write(`  ${text}\n`));
      return { data, text: ingestTable(data) };
    },
  },
};

async function withDeployed<T>(use: (deployed: Awaited<ReturnType<typeof bundledPredict>>) => Promise<T>): Promise<T> {
  const deployed = await bundledPredict();
  try {
    return await use(deployed);
  } finally {
    await deployed.close();
  }
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } });
const unknown = positionals.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
const machine = machineContext();
const { cpu, cores, node, onnxruntime, load1 } = machine;
const results: Record<string, unknown> = { machine };
const say = (text: string): void => void (values.json ? process.stderr : process.stdout).write(`${text}\n`);
say(`${cpu}, ${cores} cores, load ${load1.toFixed(2)}, Node ${node}, ONNX Runtime ${onnxruntime}`);
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const part = parts[name]!;
  say(`\n${part.title}`);
  const { data, text } = await part.run();
  results[name] = data;
  say(text);
}
if (values.json) console.log(JSON.stringify(results));
process.exit(0);
