// FBNet architectures as HW-NAS-Bench names them, by the number of each layer's block, and as lists of block names.
import { fbnetBlockNames, fbnetLayerCount } from '../fbnet/blocks.ts';
import type { Architecture } from '../search-space.ts';
import { type ArchitectureForm, fieldsOf, notOfForm, readIndices } from './form.ts';

const blocksOf = (names: readonly string[]): Architecture =>
  Uint8Array.from(names, (name) => fbnetBlockNames.indexOf(name));

const indicesForm: ArchitectureForm = {
  name: 'indices',
  of: 'HW-NAS-Bench (the list, or its configuration with op_idx_list)',
  example: '[0, 3, 4, 8, 1, 7, 2, 2, 8, 7, 6, 2, 4, 7, 2, 5, 6, 7, 7, 3, 6, 3]',
  read(value) {
    const indices = fieldsOf(value)?.get('op_idx_list') ?? value;
    return blocksOf(
      readIndices(indices, { form: 'indices', part: 'layer', names: fbnetBlockNames, count: fbnetLayerCount }),
    );
  },
  write: (architecture) => Array.from(architecture),
};

const namesForm: ArchitectureForm = {
  name: 'names',
  of: 'lists of block names',
  example: `['${[...Array<string>(fbnetLayerCount - 1).fill('k3_e1'), 'skip'].join("', '")}']`,
  read(value) {
    const allowed = `${fbnetLayerCount} block names`;
    if (!Array.isArray(value) || value.length !== fbnetLayerCount) throw notOfForm('names', 'the list', value, allowed);
    for (const [layer, name] of value.entries()) {
      if (!fbnetBlockNames.includes(name)) {
        throw notOfForm('names', `layer ${layer + 1}`, name, fbnetBlockNames.join(', '));
      }
    }
    return blocksOf(value);
  },
  write: (architecture) => Array.from(architecture, (choice) => fbnetBlockNames[choice]!),
};

export const fbnetForms: readonly ArchitectureForm[] = [indicesForm, namesForm];
