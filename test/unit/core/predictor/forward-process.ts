// A process of its own: loads the predictor in the folder that is its first argument, adapts it to the measurements on
// standard input, and prints what it answers for the architectures there, as JSON.
import { readFileSync } from 'node:fs';
import { adaptChecked } from '#core/predictor/adaptation/checked-adaptation.ts';
import { predict } from '#core/predictor/adaptation/posterior-predictive.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';

export interface Question {
  readonly architectures: readonly string[];
  readonly measured: readonly { architecture: string; latencyMs: number }[];
}

const folder = process.argv[2]!;
const question = JSON.parse(readFileSync(0, 'utf8')) as Question;
const predictor = await loadPredictor({
  onnx: readFileSync(`${folder}/predictor.onnx`),
  json: readFileSync(`${folder}/predictor.json`),
});
const { space } = predictor;
const forward = await predictor.forward(question.architectures.map((text) => space.parse(text)));
const measured = question.measured.map((m) => ({ ...m, architecture: space.parse(m.architecture) }));
const { latencyMs, lowMs, highMs } = predict(await adaptChecked(predictor, measured), forward);
await predictor.close();
const plain = [forward.lnMean, forward.phi, latencyMs, lowMs, highMs].map((values) => Array.from(values));
console.log(JSON.stringify({ identity: predictor.identity, plain }));
