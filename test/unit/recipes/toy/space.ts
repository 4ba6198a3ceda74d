// A throw-away search space, as the recipe of CONTRIBUTING.md has one written: eight layers, each a convolution, a pool
// or nothing. Made up; nothing in the product knows it.
import type { Random } from '#core/random.ts';
import { invalidArchitecture } from '#core/search-space/invalid-architecture.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import { toyLayers, toyNetworks } from './network.ts';

const title = 'Toy';
const layerCount = 8;
const layerNames: readonly string[] = toyLayers;

export const toy: SearchSpace<'toy'> = {
  id: 'toy',
  title,
  example: 'conv3.skip.pool3.conv1.conv3.skip.skip.skip',
  textUnits: [...toyLayers, '.'],
  parse,
  format: (architecture) => Array.from(architecture, (choice) => toyLayers[choice]!).join('.'),
  isConnected: () => true,
  sample: (random: Random) => Uint8Array.from({ length: layerCount }, () => random.integer(toyLayers.length)),
  networks: toyNetworks,
  shippedTable: null,
};

function parse(text: string): Architecture {
  const names = text.trim().split('.');
  if (names.length !== layerCount) {
    throw invalidArchitecture(title, 'the list of layers', text, `${layerCount} layers joined by "."`);
  }
  return Uint8Array.from(names, (name, i) => {
    const choice = layerNames.indexOf(name);
    if (choice < 0) throw invalidArchitecture(title, `layer ${i + 1}`, name, toyLayers.join(', '));
    return choice;
  });
}
