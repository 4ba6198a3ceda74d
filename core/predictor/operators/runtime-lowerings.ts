// What is known of a runtime before anything is measured, where its name says it: which lowerings it is not like. The
// operators of a descriptor tell kernels' prices, but hardly which kernels a network of them launches.
import type { LoweringId } from '#core/graph/lowerings.ts';

/** ONNX Runtime, on a device or in a browser, computes what is multiplied by zero. */
const prunesNothing = /^onnxruntime/;
const sparing: readonly LoweringId[] = ['pruned', 'pruned-sums', 'folded-zeros'];
/** ln of how likely such a lowering is beside another: a target's settings may be told wrong. */
const lnUnlikely = Math.log(0.01);

/** ln of how likely each lowering is beforehand, in their order.
 * @param runtime its name in a profile, null where it is not known */
export function lnLoweringPriors(runtime: string | null, lowerings: readonly LoweringId[]): number[] {
  return lowerings.map((lowering) =>
    prunesNothing.test(runtime ?? '') && sparing.includes(lowering) ? lnUnlikely : 0,
  );
}
