// An operator graph as somebody submits it: tensors between nodes may be described or not, names are free, and what is
// left open is named. What must not be in it (data, control flow, open dimensions) is refused with words of its own.
import * as z from 'zod';
import { DomainError, type Issue } from '#core/errors.ts';
import { completeGraph } from '#core/graph/complete-graph.ts';
import { isStandardDomain } from '#core/graph/inference/rules.ts';
import { elementTypes, mostConstantValues, type OperatorGraph } from '#core/graph/operator-graph.ts';
import { quoteText } from '#core/text/quote-text.ts';

/** What one model may have. Models in use stay far below: the largest of 429 in data/zoo has 1,670 nodes, no attribute
 * of more than 6 numbers and no text of more than 16 characters. */
export const modelLimits = {
  nodes: 10_000,
  constants: 20_000,
  tensors: 30_000,
  inputs: 256,
  outputs: 1_000,
  axes: 32,
  /** Inputs or outputs of one node. */
  nodeTensors: 2_048,
  attributes: 64,
  /** Numbers or texts of one attribute. */
  attributeList: 64,
  /** Where a list has fractions: bounds of activations, scales of a resize. */
  fractions: 16,
  /** Characters of an operator, a domain, an attribute's name, and of a text attribute. */
  text: 64,
  /** Characters of names of tensors and nodes, which are not kept. */
  name: 1_024,
} as const;

const largestDimension = 2 ** 31 - 1;
const freeName = z.string().max(modelLimits.name);
const word = z
  .string()
  .max(modelLimits.text)
  .regex(/^[A-Za-z_][\w.:-]*$/, 'a name of letters, digits and _ . : -');
const length = z.int().min(0).max(largestDimension);
const openLength = z
  .union([z.int().min(-1).max(largestDimension), z.string().max(modelLimits.name), z.null()])
  .describe('A length. A name, -1 or null says that it is open, which is refused: bind it first.');
const typed = { name: freeName.min(1), type: z.enum(elementTypes) };
const shape = z.array(length).max(modelLimits.axes);

/** Its form. How much an attribute may say is looked at apart, for a better word than a schema has. */
export const submittedGraphSchema = z.strictObject({
  name: freeName.optional().describe('Not kept.'),
  opset: z.int().min(1).max(1_000).describe('Version of the domain ai.onnx.'),
  inputs: z
    .array(z.strictObject({ ...typed, shape: z.array(openLength).max(modelLimits.axes) }))
    .max(modelLimits.inputs),
  outputs: z.array(freeName.min(1)).min(1).max(modelLimits.outputs).describe('Names of tensors.'),
  constants: z
    .array(
      z.strictObject({
        ...typed,
        shape,
        values: z
          .array(z.number())
          .max(mostConstantValues)
          .optional()
          .describe('Only of what shapes the graph: axes, lengths, scalars. Never of weights.'),
      }),
    )
    .max(modelLimits.constants)
    .describe('Tensors that the file holds, by shape and type.'),
  nodes: z
    .array(
      z.strictObject({
        operator: word,
        domain: z
          .union([z.literal(''), word])
          .optional()
          .describe('Left out: ai.onnx.'),
        name: freeName.optional().describe('Not kept.'),
        inputs: z.array(freeName).max(modelLimits.nodeTensors).describe("Names of tensors; '': left out."),
        outputs: z.array(freeName).max(modelLimits.nodeTensors),
        attributes: z.record(
          word,
          z.union([z.number(), z.string().max(4_096), z.array(z.number()), z.array(z.string().max(4_096))]),
        ),
      }),
    )
    .max(modelLimits.nodes)
    .describe('Each after those that make its inputs.'),
  tensors: z
    .array(z.strictObject({ ...typed, shape }))
    .max(modelLimits.tensors)
    .optional()
    .describe('Shapes of tensors between nodes: asked only where the operators do not say.'),
});
export type SubmittedGraph = Readonly<z.infer<typeof submittedGraphSchema>>;

/** Bodies are graphs in graphs, and how often they run depends on data. */
const controlFlow = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);
/** Issues named in one refusal. */
const namedIssues = 20;

/** The operator graph of a submitted one: shapes inferred, chains that compute shapes folded, values that are weights
 * dropped.
 * @throws DomainError `invalid-model` for attributes that are data, and for graphs that contradict themselves;
 * `unbound-dimension` with an issue a dimension; `unsupported-model` for control flow and for shapes that nobody can
 * tell */
export function acceptedGraph(submitted: SubmittedGraph): OperatorGraph {
  refuse('invalid-model', 'a graph says structure, not data', dataIssues(submitted));
  refuse('unsupported-model', 'control flow cannot be predicted', controlFlowIssues(submitted));
  refuse('unbound-dimension', 'dimensions are open: give each its length', openIssues(submitted));
  return completeGraph(
    {
      name: '',
      inputs: submitted.inputs as OperatorGraph['inputs'],
      outputs: submitted.outputs,
      constants: submitted.constants.map(({ values, ...constant }) => ({
        ...constant,
        ...(values !== undefined && { values }),
      })),
      nodes: submitted.nodes.map(({ operator, domain, inputs, outputs, attributes }) => ({
        operator,
        ...(domain !== undefined && { domain }),
        inputs,
        outputs,
        attributes,
      })),
      declared: new Map((submitted.tensors ?? []).map((tensor) => [tensor.name, tensor])),
    },
    submitted.opset,
  );
}

function refuse(code: 'invalid-model' | 'unsupported-model' | 'unbound-dimension', why: string, issues: Issue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  throw new DomainError(code, `${why}: ${first.path}: ${first.message}${more}`, {
    issues: issues.slice(0, namedIssues),
  });
}

function dataIssues({ nodes, constants }: SubmittedGraph): Issue[] {
  const issues: Issue[] = [];
  nodes.forEach(({ attributes }, i) => {
    const all = Object.entries(attributes);
    const path = `graph/nodes/${i}/attributes`;
    if (all.length > modelLimits.attributes) {
      issues.push({ path, message: `${all.length} attributes; at most ${modelLimits.attributes}` });
    }
    for (const [name, value] of all) {
      const message = attributeFault(value);
      if (message !== undefined) issues.push({ path: `${path}/${name}`, message });
    }
  });
  constants.forEach(({ values, shape: own }, i) => {
    const elements = own.reduce((product, d) => product * d, 1);
    if (values === undefined || values.length === elements) return;
    const message = `${values.length} values of a tensor of ${elements}`;
    issues.push({ path: `graph/constants/${i}/values`, message });
  });
  return issues;
}

function attributeFault(value: SubmittedGraph['nodes'][number]['attributes'][string]): string | undefined {
  const { attributeList, fractions, text } = modelLimits;
  if (typeof value === 'number') return undefined;
  if (typeof value === 'string') {
    return value.length > text ? `a text of ${value.length} characters; at most ${text}` : undefined;
  }
  if (value.length > attributeList) return `${value.length} values; at most ${attributeList}`;
  const long = value.find((each) => typeof each === 'string' && each.length > text);
  if (long !== undefined) return `a text of ${String(long).length} characters; at most ${text}`;
  const isFractional = value.some((each) => typeof each === 'number' && !Number.isInteger(each));
  return isFractional && value.length > fractions ? `${value.length} fractions; at most ${fractions}` : undefined;
}

function controlFlowIssues({ nodes }: SubmittedGraph): Issue[] {
  return nodes.flatMap(({ operator, domain }, i) =>
    controlFlow.has(operator) && isStandardDomain(domain)
      ? [
          {
            path: `graph/nodes/${i}`,
            message: `${operator} runs graphs of its own, how often and which depends on data`,
          },
        ]
      : [],
  );
}

function openIssues({ inputs }: SubmittedGraph): Issue[] {
  return inputs.flatMap((input, i) =>
    input.shape.flatMap((d, axis) => {
      if (typeof d === 'number' && d >= 0) return [];
      const which = typeof d === 'string' ? ` (${quoteText(d)})` : '';
      const message = `axis ${axis}${which} of input ${quoteText(input.name)}`;
      return [{ path: `graph/inputs/${i}/shape/${axis}`, message }];
    }),
  );
}
