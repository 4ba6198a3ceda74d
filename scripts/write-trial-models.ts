// Two networks of each search space as ONNX files with random weights in one JSON file, for
// scripts/compare-answers.mjs. Usage: node scripts/write-trial-models.ts FILE
import { writeFileSync } from 'node:fs';
import { seededRandom } from '#core/random.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { searchSpace, searchSpaceIds } from '#core/search-space/registry.ts';
import { workloadOf } from '#core/search-space/workload.ts';

const models: { name: string; base64: string }[] = [];
for (const id of searchSpaceIds) {
  const workload = workloadOf({ searchSpace: id, inputSize: undefined, batchSize: 1 });
  const space = searchSpace(id);
  const random = seededRandom(0);
  for (const architecture of [space.sample(random), space.sample(random)]) {
    const bytes = modelBytes(describeNetwork(space, architecture, workload), 0);
    models.push({ name: space.format(architecture), base64: Buffer.from(bytes).toString('base64') });
  }
}
writeFileSync(process.argv[2]!, JSON.stringify({ models }));
