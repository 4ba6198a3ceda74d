// The Once-for-All MobileNetV3 space (Cai et al. 2020, arXiv 1908.09791) at width 1.0: what its blocks are and which
// sizes they work at. Widths, strides, activations and squeeze-and-excitation as in the authors' OFAMobileNetV3
// (github.com/mit-han-lab/once-for-all), which follows MobileNetV3-Large (Howard et al. 2019, arXiv 1905.02244).
/** Side of the input in pixels; the paper trains on 128 to 224 in steps of 4, and the shipped table has all 25. */
export const ofaResolutions: readonly number[] = Array.from({ length: 25 }, (_, i) => 128 + 4 * i);
export const ofaLargestResolution = 224;
const ofaKernelSizes = [3, 5, 7] as const;
const ofaExpansions = [3, 4, 6] as const;

interface OfaStage {
  readonly channels: number;
  /** Stride of the stage's first block; the others have 1. */
  readonly stride: number;
  readonly squeezeExcite: boolean;
  readonly activation: 'relu' | 'h_swish';
}

export const ofaStages: readonly OfaStage[] = [
  { channels: 24, stride: 2, squeezeExcite: false, activation: 'relu' },
  { channels: 40, stride: 2, squeezeExcite: true, activation: 'relu' },
  { channels: 80, stride: 2, squeezeExcite: false, activation: 'h_swish' },
  { channels: 112, stride: 1, squeezeExcite: true, activation: 'h_swish' },
  { channels: 160, stride: 2, squeezeExcite: true, activation: 'h_swish' },
];
export const ofaMinDepth = 2;
export const ofaMaxDepth = 4;

/** Around the searched stages: a 3×3 stem of stride 2 with h_swish, one 3×3 block without expansion (relu), then a 1×1
 * convolution to `expand` channels, global pooling, a 1×1 convolution to `mix` channels and the classifier. */
export const ofaStem = { channels: 16, stride: 2, kernelSize: 3 } as const;
export const ofaHead = { expand: 960, mix: 1280, classes: 1000 } as const;

interface OfaChoice {
  readonly kernelSize: number;
  readonly expansion: number;
}

/** What a block can be, in the order of choice indices, which start at 1: an absent block is 0. */
export const ofaBlockChoices: readonly OfaChoice[] = ofaKernelSizes.flatMap((kernelSize) =>
  ofaExpansions.map((expansion) => ({ kernelSize, expansion })),
);
export const ofaChoices = ofaBlockChoices.length;
export const ofaAbsent = 0;

/** A place for a block: stages × ofaMaxDepth of them. The last ones of a stage may be absent. */
export interface OfaSlot {
  readonly stage: number;
  readonly position: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly stride: number;
  readonly squeezeExcite: boolean;
  /** Which of `ofaSides` the block reads and which it writes. */
  readonly inputLevel: number;
  readonly outputLevel: number;
}

export const ofaSlots: readonly OfaSlot[] = buildSlots();
export const ofaSlotCount = ofaSlots.length;

function buildSlots(): OfaSlot[] {
  const slots: OfaSlot[] = [];
  let inputChannels: number = ofaStem.channels;
  let inputLevel = 0;
  for (const [stage, { channels, stride: stageStride, squeezeExcite }] of ofaStages.entries()) {
    for (let position = 0; position < ofaMaxDepth; position++) {
      const stride = position === 0 ? stageStride : 1;
      const outputLevel = inputLevel + (stride === 2 ? 1 : 0);
      const channelsAndLevels = { inputChannels, outputChannels: channels, inputLevel, outputLevel };
      slots.push({ stage, position, stride, squeezeExcite, ...channelsAndLevels });
      inputChannels = channels;
      inputLevel = outputLevel;
    }
  }
  return slots;
}

const levels = 5;

/** Sides of the square feature maps at an input resolution: after the stem and after each of the four later halvings.
 * Every halving rounds up ("same" padding). */
export function ofaSides(resolution: number): number[] {
  const sides: number[] = [];
  for (let side = resolution; sides.length < levels; ) {
    side = Math.ceil(side / 2);
    sides.push(side);
  }
  return sides;
}

/** Channels between the two layers of squeeze-and-excitation: a quarter, to the nearest multiple of 8 that loses at
 * most a tenth. */
export function squeezeChannels(hiddenChannels: number): number {
  const quarter = Math.floor(hiddenChannels / 4);
  const rounded = Math.max(8, Math.floor((quarter + 4) / 8) * 8);
  return rounded < 0.9 * quarter ? rounded + 8 : rounded;
}
