// Training as one ONNX graph: a Scan over minibatches whose body is forward, backward and AdamW. One call runs any
// number of steps; progress, stop and checkpoints come between calls. Weights and moments are flat vectors.
import { type AdamWSettings, adamwUpdate, stepScalarCount } from './adamw.ts';
import { gradients } from './gradient.ts';
import { GraphBuilder, type Tensor } from './graph-builder.ts';
import type { GraphDef, ValueDef } from './model.ts';
import { type ParameterLayout, type ParameterShapes, pack, unpack } from './parameters.ts';
import { encodeModel } from './writer.ts';

export interface TrainingStep<S extends ParameterShapes, B extends string> {
  readonly layout: ParameterLayout<S>;
  readonly optimizer: AdamWSettings;
  /** Shapes of what changes with every step, float32; the call's arrays have a leading dimension of steps. */
  readonly batch: Readonly<Record<B, readonly number[]>>;
  /** The scalar loss of a step, float32. */
  loss(parameters: Record<keyof S, Tensor>, batch: Record<B, Tensor>): Tensor;
}

export const stateNames = ['parameters', 'firstMoment', 'secondMoment'] as const;
export type StateName = (typeof stateNames)[number];

/** Model inputs: the three state vectors, `scalars` [steps, 4] and every batch array [steps, …]; outputs: `{state}Out`
 * and `loss` [steps]. */
export function encodeTrainingStep<S extends ParameterShapes, B extends string>(step: TrainingStep<S, B>): Uint8Array {
  const body = new GraphBuilder();
  const size = [step.layout.count];
  const state = Object.fromEntries(stateNames.map((name) => [name, body.input(`body_${name}`, size)])) as Record<
    StateName,
    Tensor
  >;
  const scalars = body.input('body_scalars', [stepScalarCount]);
  const batch = Object.fromEntries(
    Object.entries<readonly number[]>(step.batch).map(([name, shape]) => [name, body.input(`body_${name}`, shape)]),
  ) as Record<B, Tensor>;
  const parameters = unpack(step.layout, state.parameters);
  const loss = step.loss(parameters, batch);
  const names = Object.keys(step.layout.shapes) as (keyof S & string)[];
  const flows = gradients(
    loss,
    names.map((name) => parameters[name]),
  );
  const byName = Object.fromEntries(names.map((name, i) => [name, flows[i]!])) as Record<keyof S, Tensor>;
  const updated = adamwUpdate(step.optimizer, state, pack(step.layout, byName), scalars);
  for (const name of stateNames) body.output(updated[name], `body_${name}Out`);
  body.output(loss, 'body_loss');
  return encodeModel(scanOver(body.build('step'), step));
}

function scanOver(body: GraphDef, step: Pick<TrainingStep<ParameterShapes, string>, 'layout' | 'batch'>): GraphDef {
  const batchNames = Object.keys(step.batch);
  const scanned = ['scalars', ...batchNames];
  const perStep = (name: string, shape: readonly number[]): ValueDef => ({
    name,
    dataType: 'float32',
    shape: ['steps', ...shape],
  });
  const vector = (name: string): ValueDef => ({ name, dataType: 'float32', shape: [step.layout.count] });
  const inputs = [
    ...stateNames.map(vector),
    perStep('scalars', [stepScalarCount]),
    ...Object.entries(step.batch).map(([name, shape]) => perStep(name, shape)),
  ];
  return {
    name: 'training',
    nodes: [
      {
        operator: 'Scan',
        inputs: [...stateNames, ...scanned],
        outputs: [...stateNames.map((name) => `${name}Out`), 'loss'],
        attributes: { body: { graph: body }, num_scan_inputs: { int: scanned.length } },
      },
    ],
    initializers: [],
    inputs,
    outputs: [
      ...stateNames.map((name) => vector(`${name}Out`)),
      { name: 'loss', dataType: 'float32', shape: ['steps'] },
    ],
  };
}
