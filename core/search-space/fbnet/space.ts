// The search space `fbnet`: one of nine blocks in each of 22 layers of an ImageNet network.
import type { Random } from '#core/random.ts';
import { invalidArchitecture } from '../invalid-architecture.ts';
import type { Architecture, SearchSpace } from '../search-space.ts';
import { fbnetBlockNames, fbnetLayerCount } from './blocks.ts';
import { fbnetNetworks } from './network.ts';
import { fbnetSplit } from './shipped-table.ts';

const title = 'FBNet';
const choiceOf = new Map(fbnetBlockNames.map((name, choice) => [name, choice]));

export const fbnet: SearchSpace<'fbnet'> = {
  id: 'fbnet',
  title,
  example:
    'k3_e1,k3_e6,k5_e1,skip,k3_e1_g2,k5_e6,k3_e3,k3_e3,skip,k5_e6,k5_e3,k3_e3,k5_e1,k5_e6,k3_e3,k5_e1_g2,k5_e3,k5_e6,k5_e6,k3_e6,k5_e3,k3_e6',
  textUnits: [...fbnetBlockNames, ','],
  parse,
  format: (architecture) => Array.from(architecture, (choice) => fbnetBlockNames[choice]!).join(','),
  isConnected: () => true,
  sample: (random: Random) =>
    Uint8Array.from({ length: fbnetLayerCount }, () => random.integer(fbnetBlockNames.length)),
  networks: fbnetNetworks,
  shippedTable: fbnetSplit,
};

function parse(text: string): Architecture {
  const names = text.trim().split(',');
  if (names.length !== fbnetLayerCount) {
    const allowed = `${fbnetLayerCount} block names joined by "," (these are ${names.length})`;
    throw invalidArchitecture(title, 'the list of layers', text, allowed);
  }
  const architecture = new Uint8Array(fbnetLayerCount);
  for (const [layer, name] of names.entries()) {
    const choice = choiceOf.get(name);
    if (choice === undefined) throw invalidArchitecture(title, `layer ${layer + 1}`, name, fbnetBlockNames.join(', '));
    architecture[layer] = choice;
  }
  return architecture;
}
