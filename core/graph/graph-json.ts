// The JSON form of an operator graph, as it goes over the wire and stands in files: bounded in every direction, so that
// nothing in it can carry weights, and checked to be a graph.
import * as z from 'zod';
import { DomainError, type Issue } from '#core/errors.ts';
import { isFloat } from './element-type-number.ts';
import { elementCount } from './inference/known.ts';
import { elementTypes, mostConstantValues, type OperatorGraph } from './operator-graph.ts';

export const graphLimits = {
  nodes: 100_000,
  constants: 200_000,
  inputs: 1_000,
  outputs: 1_000,
  /** Characters of a name, an operator, a domain or an attribute's name. */
  name: 1_024,
  axes: 32,
  dimension: 2 ** 31 - 1,
  /** Inputs or outputs of one node. */
  nodeTensors: 2_048,
  attributes: 64,
  /** Integers or strings of one attribute. */
  attributeList: 1_024,
  /** Where a list has fractions: bounds of activations, scales of a resize; never weights. */
  fractions: 16,
  /** Characters of one text attribute. */
  text: 1_024,
} as const;

const name = z.string().max(graphLimits.name);
const shape = z.array(z.int().min(0).max(graphLimits.dimension)).max(graphLimits.axes);
const tensor = z.strictObject({ name: name.min(1), type: z.enum(elementTypes), shape });
const fewFractions = (values: readonly number[]) =>
  values.length <= graphLimits.fractions || values.every((v) => Number.isInteger(v));

const constant = z
  .strictObject({ ...tensor.shape, values: z.array(z.number()).max(mostConstantValues).exactOptional() })
  .refine(({ shape, values }) => values === undefined || values.length === elementCount(shape), {
    message: 'as many values as the shape has elements',
    path: ['values'],
  })
  .refine(({ type, values }) => values === undefined || isFloat(type) || values.every((v) => Number.isInteger(v)), {
    message: 'integers for an integer type',
    path: ['values'],
  })
  .refine(({ type, values }) => !isFloat(type) || (values?.length ?? 0) <= graphLimits.fractions, {
    message: `at most ${graphLimits.fractions} values of a floating-point type`,
    path: ['values'],
  });

const attribute = z.union([
  z.number(),
  z.string().max(graphLimits.text),
  z
    .array(z.number())
    .max(graphLimits.attributeList)
    .refine(fewFractions, {
      message: `at most ${graphLimits.fractions} numbers where some are fractions`,
    }),
  z.array(z.string().max(graphLimits.text)).max(graphLimits.attributeList),
]);

const node = z.strictObject({
  operator: name.min(1),
  domain: name.exactOptional(),
  name: name.exactOptional(),
  inputs: z.array(name).max(graphLimits.nodeTensors),
  outputs: z.array(name).max(graphLimits.nodeTensors),
  attributes: z
    .record(name.min(1), attribute)
    .refine((a) => Object.keys(a).length <= graphLimits.attributes, `at most ${graphLimits.attributes} attributes`),
});

export const operatorGraphSchema = z.strictObject({
  name,
  opset: z.int().min(1).max(1_000),
  inputs: z.array(tensor).max(graphLimits.inputs),
  outputs: z.array(name.min(1)).min(1).max(graphLimits.outputs),
  constants: z.array(constant).max(graphLimits.constants),
  nodes: z.array(node).max(graphLimits.nodes),
  tensors: z.array(tensor).max(2 * graphLimits.nodes),
});

const mostIssues = 20;

/** An operator graph out of JSON: of the schema's form, with every tensor made once, before it is used, and described.
 * @throws DomainError `invalid-model` with up to 20 issues */
export function parseOperatorGraph(value: unknown): OperatorGraph {
  const parsed = operatorGraphSchema.safeParse(value);
  const issues: Issue[] = parsed.success
    ? wiringIssues(parsed.data)
    : parsed.error.issues.slice(0, mostIssues).map((i) => ({ path: i.path.join('/'), message: i.message }));
  const first = issues[0];
  if (parsed.success && first === undefined) return parsed.data;
  const where = first?.path ? `${first.path}: ` : '';
  throw new DomainError('invalid-model', `this is no operator graph: ${where}${first?.message}`, { issues });
}

function wiringIssues(graph: OperatorGraph): Issue[] {
  const issues: Issue[] = [];
  const report = (path: string, message: string) => {
    if (issues.length < mostIssues) issues.push({ path, message });
  };
  const made = new Set<string>();
  const make = (tensorName: string, path: string) => {
    if (made.has(tensorName)) report(path, 'another tensor has this name');
    made.add(tensorName);
  };
  for (const [i, t] of graph.inputs.entries()) make(t.name, `inputs/${i}/name`);
  for (const [i, t] of graph.constants.entries()) make(t.name, `constants/${i}/name`);
  const described = new Set(graph.tensors.map((t) => t.name));
  graph.nodes.forEach(({ inputs, outputs }, i) => {
    inputs.forEach((input, k) => {
      if (input !== '' && !made.has(input)) report(`nodes/${i}/inputs/${k}`, 'nothing before this node makes it');
    });
    outputs.forEach((output, k) => {
      if (output === '') return;
      make(output, `nodes/${i}/outputs/${k}`);
      if (!described.has(output)) report(`nodes/${i}/outputs/${k}`, 'tensors has no shape of it');
    });
  });
  graph.outputs.forEach((output, i) => {
    if (!made.has(output)) report(`outputs/${i}`, 'nothing makes it');
  });
  return issues;
}
