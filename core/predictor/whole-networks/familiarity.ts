// Which kernels a predictor knows nothing of, and which a target was never measured with. Both are told with a
// prediction; the first widen its interval.
import type { Kernel } from '#core/graph/kernel.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { learnedFeatures } from '#core/predictor/hypotheses.ts';
import { classesOf, classIndex } from '#core/predictor/kernels/kernel-classes.ts';
import { isRunConstant, kernelFeatureNames, kernelFeatures } from '#core/predictor/kernels/kernel-features.ts';
import type { PredictorParameters } from '#core/predictor/predictor-parameters.ts';

/** Features that say how large a kernel is. */
const sizes = ['macs', 'read', 'written', 'weights', 'inputChannels', 'outputChannels', 'side'].map((name) =>
  kernelFeatureNames.indexOf(name),
);
/** Deviations above the mean of what was learned from: one in a thousand kernels is further. */
const farDeviations = 3;

/** Whether nothing that the predictor learned from is like the kernel: an operator of no known kind, or one far larger
 * than those it has seen.
 * @param batch times the kernel's own batch size */
export function isUnknownKernel(
  kernel: Kernel,
  { mean, deviation }: PredictorParameters['normalisation'],
  batch: number,
): boolean {
  if (isRunConstant(kernel)) return false;
  if (kernel.kind === 'other') return true;
  const features = kernelFeatures(kernel, batch);
  return sizes.some((i) => features[i]! > mean[i]! + farDeviations * deviation[i]!);
}

/** Whether a kernel computes with eight-bit integers. */
export const isInt8 = ({ type }: Kernel): boolean => type === 'int8' || type === 'uint8';

/** Whether some network that the target was measured with launches kernels of the class. */
function isMeasured({ heads }: Adaptation, name: string): boolean {
  return heads.some(({ coordinates }) => coordinates.includes(learnedFeatures + classIndex.get(name)!));
}

/** Tells of a kernel which of its classes the target was never measured with: its kind, how large it is, what is fused
 * in, its precision. */
export function measuredKinds(adaptation: Adaptation): {
  readonly hasInt8: boolean;
  /** The first such class; undefined where it was measured with all of them. */
  unmeasuredClass(kernel: Kernel): string | undefined;
} {
  const known = new Map<string, boolean>();
  const knows = (name: string): boolean => {
    const is = known.get(name) ?? isMeasured(adaptation, name);
    known.set(name, is);
    return is;
  };
  const hasInt8 = knows('eight-bit');
  return {
    hasInt8,
    unmeasuredClass: (kernel) => (isRunConstant(kernel) ? undefined : classesOf(kernel).find((name) => !knows(name))),
  };
}
