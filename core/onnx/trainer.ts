// Runs an encoded training step through ONNX Runtime and holds the state between calls. The state is plain arrays: it
// can be saved at any step and training resumed from it, with the same bytes as if it had never stopped.
import { stepScalarCount } from './adamw.ts';
import type { ParameterShapes } from './parameters.ts';
import { createSession, float32Tensor } from './session.ts';
import { encodeTrainingStep, type StateName, stateNames, type TrainingStep } from './training-step.ts';

export type TrainerState = Readonly<Record<StateName, Float32Array>>;

export interface Trainer<B extends string> {
  state(): TrainerState;
  /** Runs `steps` steps; `scalars` [steps × 4] by adamw.stepScalars; returns each step's loss. `from`: go on from the
   * state of another trainer, where steps of several shapes take turns. */
  run(
    steps: number,
    scalars: Float32Array,
    batch: Readonly<Record<B, Float32Array>>,
    from?: TrainerState,
  ): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Parameters with moments of zero: where a training begins. */
export const initialState = (parameters: Float32Array): TrainerState => ({
  parameters,
  firstMoment: new Float32Array(parameters.length),
  secondMoment: new Float32Array(parameters.length),
});

/** Compiles a training step and keeps parameters and moments between calls. The caller closes it. */
export async function createTrainer<S extends ParameterShapes, B extends string>(
  step: TrainingStep<S, B>,
  initial: TrainerState,
): Promise<Trainer<B>> {
  const session = await createSession(encodeTrainingStep(step));
  let state = initial;
  return {
    state: () => state,
    async run(steps, scalars, batch, from = state) {
      const outputs = await session.run({
        ...Object.fromEntries(stateNames.map((name) => [name, float32Tensor(from[name], [step.layout.count])])),
        ...Object.fromEntries(
          Object.entries<readonly number[]>(step.batch).map(([name, shape]) => [
            name,
            float32Tensor(batch[name as B], [steps, ...shape]),
          ]),
        ),
        scalars: float32Tensor(scalars, [steps, stepScalarCount]),
      });
      const output = (name: string) => outputs[name]!.data as Float32Array;
      state = {
        parameters: output('parametersOut'),
        firstMoment: output('firstMomentOut'),
        secondMoment: output('secondMomentOut'),
      };
      return output('loss');
    },
    close: () => session.release(),
  };
}
