// Training as one Scan: the same as plain arithmetic, however the steps are split into calls, and the same bytes again.
import { expect, test } from 'vitest';
import { type AdamWSettings, stepScalarCount, stepScalars } from '#core/onnx/adamw.ts';
import { gemm, mean, multiply, reshape, subtract } from '#core/onnx/operators.ts';
import { parameterLayout, parameterView } from '#core/onnx/parameters.ts';
import { createTrainer, initialState, type TrainerState } from '#core/onnx/trainer.ts';
import { encodeTrainingStep, type TrainingStep } from '#core/onnx/training-step.ts';
import { seededRandom } from '#core/random.ts';
import { decodeModel } from './decode-model.ts';

const optimizer: AdamWSettings = { beta2: 0.99, epsilon: 1e-8, weightDecay: 0.05, maximumGradientNorm: 0.7 };
const layout = parameterLayout({ weight: [3, 1], bias: [1] });
const [batchRows, steps] = [5, 24];

/** Weighted least squares. */
const step: TrainingStep<typeof layout.shapes, 'features' | 'targets' | 'weights'> = {
  layout,
  optimizer,
  batch: {
    features: [batchRows, 3],
    targets: [batchRows, 1],
    weights: [batchRows, 1],
  },
  loss(parameters, batch) {
    const error = subtract(gemm(batch.features, parameters.weight, { bias: parameters.bias }), batch.targets);
    return reshape(mean(multiply(multiply(error, error), batch.weights), [0]), []);
  },
};

function inputs(seed: number) {
  const random = seededRandom(seed);
  const floats = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  return {
    start: floats(layout.count),
    features: floats(steps * batchRows * 3),
    targets: floats(steps * batchRows),
    weights: Float32Array.from({ length: steps * batchRows }, () => random.uniform(0.5, 2)),
  };
}
type Inputs = ReturnType<typeof inputs>;

const rateOf = (i: number) => ({ learningRate: 0.02 + 0.001 * i, beta1: 0.9 - 0.002 * i });

/** Runs steps [from, to) in calls of at most `perCall`. */
async function train(given: Inputs, state: TrainerState, from: number, to: number, perCall: number) {
  const trainer = await createTrainer(step, state);
  const losses: number[] = [];
  try {
    for (let at = from; at < to; at += perCall) {
      const count = Math.min(perCall, to - at);
      const scalars = new Float32Array(count * stepScalarCount);
      for (let i = 0; i < count; i++)
        scalars.set(stepScalars(optimizer, at + i + 1, rateOf(at + i)), i * stepScalarCount);
      const part = (all: Float32Array, width: number) =>
        all.subarray(at * batchRows * width, (at + count) * batchRows * width);
      const batch = {
        features: part(given.features, 3),
        targets: part(given.targets, 1),
        weights: part(given.weights, 1),
      };
      losses.push(...(await trainer.run(count, scalars, batch)));
    }
    return { losses, state: trainer.state() };
  } finally {
    await trainer.close();
  }
}

/** The same training in plain float64 arithmetic, its gradient by hand. */
function plainTraining({ start, features, targets, weights }: Inputs) {
  const parameters = Float64Array.from(start);
  const [first, second] = [new Float64Array(4), new Float64Array(4)];
  const losses: number[] = [];
  for (let t = 0; t < steps; t++) {
    const gradient = new Float64Array(4);
    let loss = 0;
    for (let j = 0; j < batchRows; j++) {
      const row = t * batchRows + j;
      const weight = weights[row]!;
      const x = [...features.subarray(3 * row, 3 * row + 3), 1];
      const error = x.reduce((sum, v, p) => sum + v * parameters[p]!, 0) - targets[row]!;
      loss += (weight * error * error) / batchRows;
      for (const [p, v] of x.entries()) gradient[p]! += (2 * weight * error * v) / batchRows;
    }
    losses.push(loss);
    const norm = Math.hypot(...gradient);
    const clip = Math.min(1, optimizer.maximumGradientNorm / (norm + 1e-6));
    const { learningRate, beta1 } = rateOf(t);
    for (let p = 0; p < 4; p++) {
      const g = gradient[p]! * clip;
      first[p] = beta1 * first[p]! + (1 - beta1) * g;
      second[p] = optimizer.beta2 * second[p]! + (1 - optimizer.beta2) * g * g;
      const direction =
        first[p]! /
        (1 - beta1 ** (t + 1)) /
        (Math.sqrt(second[p]! / (1 - optimizer.beta2 ** (t + 1))) + optimizer.epsilon);
      parameters[p] = parameters[p]! * (1 - learningRate * optimizer.weightDecay) - learningRate * direction;
    }
  }
  return { losses, parameters };
}

test('a call of many steps is plain AdamW, step after step', async () => {
  const given = inputs(1);
  const expected = plainTraining(given);
  const { losses, state } = await train(given, initialState(given.start), 0, steps, steps);
  expect(losses.length).toBe(steps);
  for (const [i, loss] of losses.entries()) expect(Math.abs(loss / expected.losses[i]! - 1)).toBeLessThan(2e-5);
  for (const [i, value] of state.parameters.entries()) expect(value).toBeCloseTo(expected.parameters[i]!, 5);
});

test('one call of K steps equals K calls of one step, to the byte', async () => {
  const given = inputs(2);
  const once = await train(given, initialState(given.start), 0, steps, steps);
  for (const perCall of [1, 7]) expect(await train(given, initialState(given.start), 0, steps, perCall)).toEqual(once);
});

test('training goes on from a checkpoint in a new session, to the byte', async () => {
  const given = inputs(3);
  const uninterrupted = await train(given, initialState(given.start), 0, steps, 4);
  const before = await train(given, initialState(given.start), 0, 12, 4);
  const stored = JSON.parse(JSON.stringify(before.state, (_, v) => (v instanceof Float32Array ? [...v] : v))) as Record<
    keyof TrainerState,
    number[]
  >;
  const restored: TrainerState = {
    parameters: Float32Array.from(stored.parameters),
    firstMoment: Float32Array.from(stored.firstMoment),
    secondMoment: Float32Array.from(stored.secondMoment),
  };
  const after = await train(given, restored, 12, steps, 4);
  expect(after.state).toEqual(uninterrupted.state);
  expect([...before.losses, ...after.losses]).toEqual(uninterrupted.losses);
});

test('the same input gives the same bytes, another another', async () => {
  const train1 = () => train(inputs(4), initialState(inputs(4).start), 0, steps, 8);
  expect(await train1()).toEqual(await train1());
  expect(encodeTrainingStep(step)).toEqual(encodeTrainingStep(step));
  expect((await train(inputs(5), initialState(inputs(5).start), 0, steps, 8)).state).not.toEqual(
    (await train1()).state,
  );
});

test('a call does not change the state that it began with, nor a later one the state that it left', async () => {
  const given = inputs(6);
  const start = initialState(given.start);
  const copy = structuredClone(start);
  const { state } = await train(given, start, 0, 8, 8);
  expect(start).toEqual(copy);
  const left = structuredClone(state);
  await train(given, state, 8, 16, 8);
  expect(state).toEqual(left);
});

test('the model is one Scan over the steps, whatever their number', () => {
  const { graph } = decodeModel(encodeTrainingStep(step));
  expect(graph!.node.map((n) => n.opType)).toEqual(['Scan']);
  const attributes = Object.fromEntries(graph!.node[0]!.attribute.map((a) => [a.name, a]));
  expect(attributes['num_scan_inputs']!.i).toBe(4n);
  const shapes = graph!.input.map((input) => {
    const type = input.type!.value;
    return [input.name, type.case === 'tensorType' ? type.value.shape!.dim.map((d) => d.value.value) : []];
  });
  expect(Object.fromEntries(shapes)).toEqual({
    parameters: [4n],
    firstMoment: [4n],
    secondMoment: [4n],
    scalars: ['steps', 4n],
    features: ['steps', 5n, 3n],
    targets: ['steps', 5n, 1n],
    weights: ['steps', 5n, 1n],
  });
});

test('parameters lie one after another in the flat vector', () => {
  const own = parameterLayout({ a: [2, 3], scalar: [], b: [4] });
  expect(own.offsets).toEqual({ a: 0, scalar: 6, b: 7 });
  expect(own.count).toBe(11);
  const flat = Float32Array.from({ length: 11 }, (_, i) => i);
  expect([...parameterView(own, flat, 'b')]).toEqual([7, 8, 9, 10]);
});
