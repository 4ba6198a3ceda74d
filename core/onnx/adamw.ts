// AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) on one flat parameter vector, as graph nodes, with the step's
// scalars computed outside: the learning rate and β₁ change from step to step (one-cycle).
import type { Tensor } from './graph-builder.ts';
import { add, divide, multiply, slice, squareRoot, stopGradient, subtract, sum } from './operators.ts';

export interface AdamWSettings {
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Gradients of a larger Euclidean norm are scaled down to it. */
  readonly maximumGradientNorm: number;
}

/** How many scalars a step takes: see stepScalars. */
export const stepScalarCount = 4;

/** [β₁, step size, ε, decay] of step `step` (counted from 1), bias corrections folded in. */
export function stepScalars(
  settings: AdamWSettings,
  step: number,
  rate: { readonly learningRate: number; readonly beta1: number },
): Float32Array {
  const correction2 = Math.sqrt(1 - settings.beta2 ** step);
  return Float32Array.of(
    rate.beta1,
    (rate.learningRate * correction2) / (1 - rate.beta1 ** step),
    settings.epsilon * correction2,
    1 - rate.learningRate * settings.weightDecay,
  );
}

export interface AdamWState {
  readonly parameters: Tensor;
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
}

/** One update. All tensors [parameterCount]; `scalars` as made by stepScalars, [4]. */
export function adamwUpdate(settings: AdamWSettings, state: AdamWState, gradient: Tensor, scalars: Tensor): AdamWState {
  const [beta1, stepSize, epsilon, decay] = [0, 1, 2, 3].map((i) => slice(scalars, 0, i, i + 1)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const g = clipNorm(gradient, settings.maximumGradientNorm);
  const firstMoment = add(multiply(state.firstMoment, beta1), multiply(g, subtract(1, beta1)));
  const secondMoment = add(multiply(state.secondMoment, settings.beta2), multiply(multiply(g, g), 1 - settings.beta2));
  const change = multiply(divide(firstMoment, add(squareRoot(secondMoment), epsilon)), stepSize);
  const kept = settings.weightDecay === 0 ? state.parameters : multiply(state.parameters, decay);
  return { parameters: subtract(kept, change), firstMoment, secondMoment };
}

function clipNorm(gradient: Tensor, maximumNorm: number): Tensor {
  const norm = squareRoot(sum(multiply(gradient, gradient), [0], true));
  const factor = divide(maximumNorm, add(norm, 1e-6));
  const bounded = gradient.graph.node('Min', [], [1], {
    constants: [factor, gradient.graph.scalar(1)],
    dataType: 'float32',
  });
  return multiply(gradient, stopGradient(bounded));
}

/** Learning rate and β₁ of step `step` (counted from 0) of `steps`: cosine up over the first tenth from 1/25 of the
 * peak, cosine down to 1e-4 of the start; β₁ runs against it between .95 and .85 (Smith and Topin, arXiv
 * 1708.07120). */
export function oneCycle(step: number, steps: number, peakLearningRate: number) {
  const start = peakLearningRate / 25;
  const end = start / 1e4;
  const turn = Math.max(0.1 * steps - 1, 0);
  const between = (from: number, to: number, share: number): number =>
    to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
  if (step <= turn && turn > 0) {
    const share = step / turn;
    return { learningRate: between(start, peakLearningRate, share), beta1: between(0.95, 0.85, share) };
  }
  const share = Math.min((step - turn) / Math.max(steps - 1 - turn, 1), 1);
  return { learningRate: between(peakLearningRate, end, share), beta1: between(0.85, 0.95, share) };
}
