// The form of /v1/models.
import * as z from 'zod';
import { kernelKinds } from '#core/graph/kernel.ts';
import { loweringIds } from '#core/graph/lowerings.ts';
import { elementTypes } from '#core/graph/operator-graph.ts';
import type { ModelView } from '#core/models/lowered-view.ts';
import { submittedGraphSchema } from '#core/models/submitted-graph.ts';
import { modelIdSchema } from './model-id.ts';
import type { OperationsOf, RequestBodyLimits } from './operation.ts';

export const registerModelRequestSchema = z
  .strictObject({
    graph: submittedGraphSchema.describe(
      "What a network computes, in ONNX's words: operators, attributes, shapes and element types. No weights.",
    ),
  })
  .meta({ id: 'RegisterModelRequest' });

const typedShapeSchema = z.strictObject({ type: z.enum(elementTypes), shape: z.array(z.int()) });
const operatorCountSchema = z.strictObject({
  operator: z.string(),
  domain: z.string().exactOptional().describe('Left out: ai.onnx.'),
  count: z.int(),
});

export const modelSchema = z
  .strictObject({
    model: modelIdSchema,
    opset: z.int(),
    batchSize: z.int().describe('First axis of the first input: images of one inference.'),
    inputs: z.array(typedShapeSchema),
    outputs: z.array(typedShapeSchema),
    operators: z.array(operatorCountSchema).describe('The most frequent first.'),
    weightBytes: z.number().describe('Of all tensors that the file holds.'),
    lowerings: z
      .array(
        z.strictObject({
          lowering: z.enum(loweringIds),
          title: z.string(),
          launches: z.int().describe('Kernels that are launched in one inference.'),
          macs: z.number().describe('Multiply-accumulates of convolutions and matrix products in one inference.'),
          weightBytes: z.number().describe('Of all launches.'),
          inputBytes: z.number(),
          outputBytes: z.number(),
          int8Launches: z.int().describe('Launches that compute with eight-bit integers.'),
          kinds: z
            .array(z.strictObject({ kind: z.enum(kernelKinds), launches: z.int(), macs: z.number() }))
            .describe('The most frequent first.'),
        }),
      )
      .describe('The kernels that each kind of runtime launches for it.'),
    unknown: z
      .array(operatorCountSchema)
      .describe('Operators that no kind of kernel is known for: they count as kind `other`, by their bytes.'),
  })
  .meta({ id: 'Model' }) satisfies z.ZodType<ModelView>;

export const modelPathSchema = z.strictObject({ id: modelIdSchema });

/** Ten thousand operators are 2 MB. More objects than the use case takes are read, so that it counts them in its own
 * words. */
const modelBody: RequestBodyLimits = {
  bytes: 4 * 2 ** 20,
  depth: 6,
  containers: 200_000,
  strings: 500_000,
  entries: 40_000,
  members: 128,
  scalars: 500_000,
};

export const modelOperations = {
  registerModel: {
    summary: 'Take in an operator graph',
    description:
      'Of an ONNX file its operators, attributes, shapes and element types, without weights. What is kept is its ' +
      'canonical form: without the names of tensors and nodes, under its hash, for good. Sending it again changes ' +
      'nothing. What a graph does not need is refused: long lists and texts, unknown fields, and more data than ' +
      'structure has.',
    tag: 'predictions',
    body: registerModelRequestSchema,
    bodyLimits: modelBody,
    reply: modelSchema,
    refusals: ['invalid-model', 'unsupported-model', 'unbound-dimension', 'quota-exceeded', 'storage-full'],
  },
  showModel: {
    summary: 'Show a model',
    description: 'As it was told when it was taken in.',
    tag: 'predictions',
    path: modelPathSchema,
    reply: modelSchema,
    refusals: ['not-found', 'quota-exceeded'],
  },
} as const satisfies OperationsOf<'models'>;
