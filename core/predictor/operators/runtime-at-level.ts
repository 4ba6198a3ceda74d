// What counts as one runtime where runtimes are left out: its name, at its level of graph optimisation where it states
// one. Levels of one runtime launch other kernels.
import type { ProfileTarget } from '#core/dataset/profile-target.ts';

/** Such as `onnxruntime basic`, `tflite`; `unknown` without a name. */
export function runtimeAtLevel({ name, settings }: ProfileTarget['runtime']): string {
  const level = settings['graphOptimization'];
  return [name ?? 'unknown', ...(level === undefined ? [] : [level])].join(' ');
}
