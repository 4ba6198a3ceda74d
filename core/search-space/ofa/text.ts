// The text of a Once-for-All architecture, `r<resolution>|k<kernel>e<expansion>-…|…` with a part for each of the five
// stages, and the choices it stands for.
import type { Random } from '#core/random.ts';
import { invalidArchitecture } from '../invalid-architecture.ts';
import type { Architecture } from '../search-space.ts';
import {
  ofaAbsent,
  ofaBlockChoices,
  ofaChoices,
  ofaLargestResolution,
  ofaMaxDepth,
  ofaMinDepth,
  ofaResolutions,
  ofaSlotCount,
  ofaStages,
} from './blocks.ts';

// An architecture is [index of the resolution, choice of slot 1, …, choice of slot 20]: ofaAbsent, or 1 + index into
// ofaBlockChoices. Absent blocks are the last of their stage.
export const ofaTitle = 'Once-for-All';
const ofaBlockNames: readonly string[] = ofaBlockChoices.map(
  ({ kernelSize, expansion }) => `k${kernelSize}e${expansion}`,
);
export const ofaTextUnits: readonly string[] = [
  ...ofaResolutions.map((side) => `r${side}`),
  ...ofaBlockNames,
  '|',
  '-',
];
const stageCount = ofaStages.length;
const choiceOf = new Map(ofaBlockNames.map((name, index) => [name, index + 1]));
const resolutionOf = new Map(ofaResolutions.map((resolution, index) => [`r${resolution}`, index]));
const allowedResolutions = `r${ofaResolutions[0]} to r${ofaLargestResolution} in steps of 4`;

/** @throws DomainError `invalid-architecture` */
export function parseOfa(text: string): Architecture {
  const [resolution = '', ...stages] = text.trim().split('|');
  if (stages.length !== stageCount) {
    throw invalidArchitecture(ofaTitle, 'the text', text, `r<resolution> and ${stageCount} stages joined by "|"`);
  }
  const architecture = new Uint8Array(1 + ofaSlotCount);
  const index = resolutionOf.get(resolution);
  if (index === undefined) throw invalidArchitecture(ofaTitle, 'the resolution', resolution, allowedResolutions);
  architecture[0] = index;
  for (const [stage, part] of stages.entries()) {
    const blocks = part.split('-');
    if (blocks.length < ofaMinDepth || blocks.length > ofaMaxDepth) {
      const allowed = `${ofaMinDepth} to ${ofaMaxDepth} blocks joined by "-"`;
      throw invalidArchitecture(ofaTitle, `stage ${stage + 1}`, part, allowed);
    }
    for (const [position, block] of blocks.entries()) {
      const choice = choiceOf.get(block);
      if (choice === undefined) {
        throw invalidArchitecture(
          ofaTitle,
          `stage ${stage + 1} block ${position + 1}`,
          block,
          ofaBlockNames.join(', '),
        );
      }
      architecture[1 + stage * ofaMaxDepth + position] = choice;
    }
  }
  return architecture;
}

/** The canonical text of an architecture. */
export function formatOfa(architecture: Architecture): string {
  const stages = ofaStages.map((_, stage) => {
    const start = 1 + stage * ofaMaxDepth;
    const present = architecture.subarray(start, start + ofaMaxDepth).filter((choice) => choice !== ofaAbsent);
    return Array.from(present, (choice) => ofaBlockNames[choice - 1]!).join('-');
  });
  return [`r${ofaResolutions[architecture[0]!]}`, ...stages].join('|');
}

/** An architecture with resolution, depths and blocks drawn uniformly. */
export function sampleOfa(random: Random): Architecture {
  const architecture = new Uint8Array(1 + ofaSlotCount);
  architecture[0] = random.integer(ofaResolutions.length);
  for (let stage = 0; stage < stageCount; stage++) {
    const depth = ofaMinDepth + random.integer(ofaMaxDepth - ofaMinDepth + 1);
    for (let position = 0; position < depth; position++) {
      architecture[1 + stage * ofaMaxDepth + position] = 1 + random.integer(ofaChoices);
    }
  }
  return architecture;
}
