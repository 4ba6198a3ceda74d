// Two networks of each search space as ONNX files with random weights in one JSON file, for
// scripts/compare-answers.mjs. Usage: node scripts/write-trial-models.ts FILE
import { writeFileSync } from 'node:fs';
import { chooseArchitectures } from '#agent/commands/architectures.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { searchSpace, searchSpaceIds } from '#core/search-space/registry.ts';
import { workloadOf } from '#core/search-space/workload.ts';

const models: { name: string; base64: string }[] = [];
for (const id of searchSpaceIds) {
  const workload = workloadOf({ searchSpace: id, inputSize: undefined, batchSize: 1 });
  const space = searchSpace(id);
  for (const name of await chooseArchitectures('2', workload, 0, undefined)) {
    const bytes = modelBytes(describeNetwork(space, space.parse(name), workload), 0);
    models.push({ name, base64: Buffer.from(bytes).toString('base64') });
  }
}
writeFileSync(process.argv[2]!, JSON.stringify({ models }));
