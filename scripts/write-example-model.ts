// `node scripts/write-example-model.ts NAME FILE`: a model of the zoo as an ONNX file without its weights: what
// `sugarbush predict` reads of any ONNX file, in some kilobytes. ONNX Runtime does not run it.
import { writeFile } from 'node:fs/promises';
import { noWeights, readZoo, zooModelBytes } from './zoo-models.ts';

const [name, file] = process.argv.slice(2);
if (name === undefined || file === undefined) throw new Error('usage: node scripts/write-example-model.ts NAME FILE');
const found = readZoo(new URL('../data/zoo/graphs.jsonl.gz', import.meta.url)).find((graph) => graph.name === name);
if (found === undefined) throw new Error(`the zoo has no model ${name}`);
await writeFile(file, zooModelBytes(found, noWeights));
