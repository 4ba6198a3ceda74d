// The search space `fbnet`: one of nine blocks in each of 22 layers of an ImageNet network.
import type { Random } from '#core/random.ts';
import { invalidArchitecture } from '../invalid-architecture.ts';
import type { Architecture, SearchSpace } from '../search-space.ts';
import {
  fbnetBlockNames,
  fbnetChoices,
  fbnetCosts,
  fbnetEntries,
  fbnetLayerCount,
  fbnetSkip,
  sumKernels,
} from './blocks.ts';
import { fbnetNetworks } from './network.ts';
import { fbnetSplit } from './shipped-table.ts';
import { fbnetSimulator } from './simulator.ts';

const title = 'FBNet';
const choiceOf = new Map(fbnetBlockNames.map((name, choice) => [name, choice]));
const macs = sumKernels(fbnetCosts.macs);
const traffic = sumKernels(fbnetCosts.traffic);

const featureNames: readonly string[] = [
  ...Array.from({ length: fbnetLayerCount }, (_, layer) =>
    fbnetBlockNames.map((name) => `layer${layer + 1}.${name}`),
  ).flat(),
  ...fbnetBlockNames.map((name) => `count.${name}`),
  'macs',
  'traffic',
  'blocks',
];

export const fbnet: SearchSpace<'fbnet'> = {
  id: 'fbnet',
  title,
  example:
    'k3_e1,k3_e6,k5_e1,skip,k3_e1_g2,k5_e6,k3_e3,k3_e3,skip,k5_e6,k5_e3,k3_e3,k5_e1,k5_e6,k3_e3,k5_e1_g2,k5_e3,k5_e6,k5_e6,k3_e6,k5_e3,k3_e6',
  textUnits: [...fbnetBlockNames, ','],
  featureNames,
  parse,
  format: (architecture) => Array.from(architecture, (choice) => fbnetBlockNames[choice]!).join(','),
  encode,
  isConnected: () => true,
  sample: (random: Random) => Uint8Array.from({ length: fbnetLayerCount }, () => random.integer(fbnetChoices)),
  networks: fbnetNetworks,
  // As a mixture one of the two heads dies, and the seed decides which.
  headMixture: 0,
  shippedTable: fbnetSplit,
  simulator: fbnetSimulator,
};

function parse(text: string): Architecture {
  const names = text.trim().split(',');
  if (names.length !== fbnetLayerCount) {
    const allowed = `${fbnetLayerCount} block names joined by "," (these are ${names.length})`;
    throw invalidArchitecture(title, 'the list of layers', text, allowed);
  }
  return Uint8Array.from(names, (name, layer) => {
    const choice = choiceOf.get(name);
    if (choice === undefined) throw invalidArchitecture(title, `layer ${layer + 1}`, name, fbnetBlockNames.join(', '));
    return choice;
  });
}

/** One-hot of every layer, how often each block occurs, and three sums in units of an average block. */
function encode(architectures: readonly Architecture[]): Float32Array {
  const width = featureNames.length;
  const features = new Float32Array(architectures.length * width);
  for (const [row, architecture] of architectures.entries()) {
    const start = row * width;
    const counts = start + fbnetEntries;
    let macsTotal = 0;
    let trafficTotal = 0;
    let blocks = 0;
    for (let layer = 0; layer < fbnetLayerCount; layer++) {
      const choice = architecture[layer]!;
      const entry = layer * fbnetChoices + choice;
      features[start + entry] = 1;
      features[counts + choice]!++;
      macsTotal += macs[entry]!;
      trafficTotal += traffic[entry]!;
      if (choice !== fbnetSkip) blocks++;
    }
    features.set([macsTotal, trafficTotal, blocks], counts + fbnetChoices);
  }
  return features;
}
