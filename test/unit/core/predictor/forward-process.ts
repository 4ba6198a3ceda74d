// A process of its own: loads the predictor in the folder that is its first argument, adapts it to the measurements on
// standard input, and prints what it answers for the architectures there, as JSON.
import { readFileSync } from 'node:fs';
import { adaptChecked } from '#core/predictor/adaptation/checked-adaptation.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { Workload } from '#core/search-space/workload.ts';

export interface Question {
  readonly workload: Workload;
  readonly architectures: readonly string[];
  readonly measured: readonly { architecture: string; latencyMs: number }[];
}

const folder = process.argv[2]!;
const { workload, architectures, measured } = JSON.parse(readFileSync(0, 'utf8')) as Question;
const predictor = await loadPredictor({
  onnx: readFileSync(`${folder}/predictor.onnx`),
  json: readFileSync(`${folder}/predictor.json`),
});
const space = searchSpace(workload.searchSpace);
const forward = await predictor.forward([{ workload, architectures: architectures.map((text) => space.parse(text)) }]);
const known = measured.map((m) => ({ ...m, workload, architecture: space.parse(m.architecture) }));
const adaptation = await adaptChecked(predictor, known);
const { latencyMs, lowMs, highMs } = predictLatencies(adaptation, predictor.parameters.lowerings, forward);
await predictor.close();
const plain = [forward.lnMean, forward.phi, latencyMs, lowMs, highMs].map((values) => Array.from(values));
console.log(JSON.stringify({ identity: predictor.identity, plain }));
