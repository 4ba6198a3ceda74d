// Once-for-All architectures as the dictionaries of the authors' code (github.com/mit-han-lab/once-for-all) and of
// those that build on it: kernel sizes `ks`, expansions `e`, depths `d`, resolution `r`.
import {
  ofaAbsent,
  ofaBlockChoices,
  ofaMaxDepth,
  ofaMinDepth,
  ofaResolutions,
  ofaSlotCount,
  ofaStages,
} from '../ofa/blocks.ts';
import type { Architecture } from '../search-space.ts';
import { type ArchitectureForm, fieldsOf, notOfForm } from './form.ts';

const form = 'dictionary';
/** What a block that is absent is written as: the smallest, which the authors' code sets and never runs. */
const absent = ofaBlockChoices[0]!;
const kernelSizes = [...new Set(ofaBlockChoices.map(({ kernelSize }) => kernelSize))];
const expansions = [...new Set(ofaBlockChoices.map(({ expansion }) => expansion))];
const depths = Array.from({ length: ofaMaxDepth - ofaMinDepth + 1 }, (_, i) => ofaMinDepth + i);
const stageCount = ofaStages.length;
/** `wid` is the width multiplier, of which this space has one. */
const keys = ['ks', 'e', 'd', 'r', 'wid'];

const dictionaryForm: ArchitectureForm = {
  name: form,
  of: 'Once-for-All (ks, e, d, r)',
  example:
    "{'ks': [7, 5, 3, 3, 7, 7, 3, 3, 5, 7, 3, 3, 5, 3, 3, 3, 5, 3, 5, 3], " +
    "'e': [6, 4, 3, 3, 6, 3, 3, 3, 3, 6, 3, 3, 3, 6, 3, 3, 6, 4, 3, 3], 'd': [2, 2, 2, 2, 3], 'r': [204]}",
  read(value) {
    const fields = fieldsOf(value);
    if (fields === undefined) throw notOfForm(form, 'the value', value, `a dictionary with ${keys.join(', ')}`);
    const unknown = [...fields.keys()].find((key) => !keys.includes(String(key)));
    if (unknown !== undefined) throw notOfForm(form, 'a key', String(unknown), keys.join(', '));
    const wid = single(fields.get('wid'));
    if (wid !== undefined && wid !== null && wid !== 1) throw notOfForm(form, '"wid"', wid, '1.0 or None');
    const depth = readDepths(fields.get('d'));
    const kernelSize = readSlots(fields.get('ks'), 'ks', kernelSizes, depth);
    const expansion = readSlots(fields.get('e'), 'e', expansions, depth);
    const architecture = new Uint8Array(1 + ofaSlotCount).fill(ofaAbsent);
    architecture[0] = readResolution(fields.get('r'));
    for (const [slot, size] of kernelSize.entries()) {
      if (size === undefined) continue;
      const same = ofaBlockChoices.findIndex((it) => it.kernelSize === size && it.expansion === expansion[slot]);
      architecture[1 + slot] = 1 + same;
    }
    return architecture;
  },
  write(architecture) {
    const blocks = Array.from(architecture.subarray(1), (choice) =>
      choice === ofaAbsent ? absent : ofaBlockChoices[choice - 1]!,
    );
    return {
      ks: blocks.map(({ kernelSize }) => kernelSize),
      e: blocks.map(({ expansion }) => expansion),
      d: Array.from({ length: stageCount }, (_, stage) => depthOf(architecture, stage)),
      r: [ofaResolutions[architecture[0]!]!],
    };
  },
};

export const ofaForms: readonly ArchitectureForm[] = [dictionaryForm];

const depthOf = (architecture: Architecture, stage: number): number =>
  architecture.subarray(1 + stage * ofaMaxDepth, 1 + (stage + 1) * ofaMaxDepth).filter((choice) => choice !== ofaAbsent)
    .length;

/** `[192]` and `192` are the same to the authors' code. */
const single = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value);

function readResolution(value: unknown): number {
  const index = ofaResolutions.indexOf(single(value) as number);
  if (index >= 0) return index;
  const allowed = `a resolution, ${ofaResolutions[0]} to ${ofaResolutions.at(-1)} in steps of 4`;
  throw notOfForm(form, '"r"', value, allowed);
}

function readDepths(value: unknown): number[] {
  const list = Array.isArray(value) ? value : Array<unknown>(stageCount).fill(value);
  if (list.length !== stageCount) throw notOfForm(form, '"d"', value, `${stageCount} depths, one for each stage`);
  for (const [stage, depth] of list.entries()) {
    if (!depths.includes(depth)) throw notOfForm(form, `"d" of stage ${stage + 1}`, depth, depths.join(', '));
  }
  return list;
}

/** One an each of the 20 places, undefined where no block is. The list may have all places, of which those past a
 * stage's depth mean nothing, or only those of blocks; one number stands for all. */
function readSlots(value: unknown, key: string, allowed: readonly number[], depth: readonly number[]) {
  const blockCount = depth.reduce((sum, each) => sum + each, 0);
  const list = Array.isArray(value) ? value : Array<unknown>(ofaSlotCount).fill(value);
  if (list.length !== ofaSlotCount && list.length !== blockCount) {
    throw notOfForm(form, `"${key}"`, value, `${ofaSlotCount} numbers, or one for each of the ${blockCount} blocks`);
  }
  const places = depth.flatMap((blocks, stage) =>
    Array.from({ length: blocks }, (_, position) => stage * ofaMaxDepth + position),
  );
  const slots = Array<number | undefined>(ofaSlotCount).fill(undefined);
  for (const [block, slot] of places.entries()) {
    const number: unknown = list[list.length === ofaSlotCount ? slot : block];
    if (!allowed.includes(number as number)) {
      throw notOfForm(form, `"${key}" of stage ${Math.floor(slot / ofaMaxDepth) + 1}`, number, allowed.join(', '));
    }
    slots[slot] = number as number;
  }
  return slots;
}
