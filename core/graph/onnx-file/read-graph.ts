// GraphProto, NodeProto, AttributeProto and ValueInfoProto.
import { quoteText } from '#core/text/quote-text.ts';
import type { Attribute } from '../operator-graph.ts';
import type { SourceConstant } from '../source-graph.ts';
import type { FileAttribute, FileDimension, FileGraph, FileNode, FileValue } from './file-model.ts';
import { limits } from './limits.ts';
import { assign, readIntegers, readNumbers, readSparseTensor, readTensor } from './read-tensor.ts';
import { malformed, type Reading, tooLarge, type WireCursor, wire } from './wire-cursor.ts';

/** What all graphs of one file have together. */
export interface Counts {
  nodes: number;
  constants: number;
}

/** Reads a GraphProto that ends at `end`.
 * @throws DomainError `invalid-model`; `unsupported-model` past a limit */
export function* readGraph(c: WireCursor, end: number, counts: Counts, depth: number): Reading<FileGraph> {
  if (depth > limits.depth) tooLarge(`graphs nested deeper than ${limits.depth}`);
  let name = '';
  const nodes: FileNode[] = [];
  const constants: SourceConstant[] = [];
  const inputs: FileValue[] = [];
  const outputs: FileValue[] = [];
  const values: FileValue[] = [];
  const keepConstant = (constant: SourceConstant) => {
    if (++counts.constants > limits.constants) tooLarge(`more than ${limits.constants} constants`);
    constants.push(constant);
  };
  yield* c.fields(end, (field, wireType) => {
    if (wireType !== wire.length) return c.skip(wireType, end);
    switch (field) {
      case 1:
        return assign(readNode(c, c.enter(end), counts, depth), (node) => nodes.push(node));
      case 2:
        return assign(c.text(end, limits.name, true), (text) => {
          name = text;
        });
      case 5:
        return assign(readTensor(c, c.enter(end)), keepConstant);
      case 15:
        return assign(readSparseTensor(c, c.enter(end)), keepConstant);
      case 11:
        return assign(readValue(c, c.enter(end)), (value) => inputs.push(value));
      case 12:
        return assign(readValue(c, c.enter(end)), (value) => outputs.push(value));
      case 13:
        return assign(readValue(c, c.enter(end)), (value) => values.push(value));
      default:
        return c.skip(wireType, end);
    }
  });
  return { name, nodes, constants, inputs, outputs, values };
}

/** Reads a NodeProto that ends at `end`.
 * @throws DomainError `invalid-model`; `unsupported-model` past a limit */
export function* readNode(c: WireCursor, end: number, counts: Counts, depth: number): Reading<FileNode> {
  if (++counts.nodes > limits.nodes) tooLarge(`more than ${limits.nodes} nodes`);
  const texts: Record<number, string> = {};
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: FileAttribute[] = [];
  const tensorName = (into: string[]) =>
    assign(c.text(end, limits.name), (text) => {
      if (into.push(text) > limits.attributeList) tooLarge(`a node of more than ${limits.attributeList} tensors`);
    });
  yield* c.fields(end, (field, wireType) => {
    if (wireType !== wire.length) return c.skip(wireType, end);
    switch (field) {
      case 1:
        return tensorName(inputs);
      case 2:
        return tensorName(outputs);
      // Name, operator, domain, overload. The name says a place to people: a long one may be cut.
      case 3:
      case 4:
      case 7:
      case 8:
        return assign(c.text(end, limits.name, field === 3), (text) => {
          texts[field] = text;
        });
      case 5:
        return assign(readAttribute(c, c.enter(end), counts, depth), (attribute) => {
          if (attributes.push(attribute) > limits.attributes)
            tooLarge(`a node of more than ${limits.attributes} attributes`);
        });
      default:
        return c.skip(wireType, end);
    }
  });
  const operator = texts[4] || malformed(`a node ${quoteText(texts[3] ?? '')} has no operator`);
  return {
    operator,
    domain: texts[7] === 'ai.onnx' ? '' : (texts[7] ?? ''),
    overload: texts[8] ?? '',
    name: texts[3] ?? '',
    inputs,
    outputs,
    attributes,
  };
}

/** Fields of AttributeProto, by which files without `type` (field 20) are understood too. */
export function* readAttribute(c: WireCursor, end: number, counts: Counts, depth: number): Reading<FileAttribute> {
  let name = '';
  let type = 0;
  let reference: string | undefined;
  let single: Attribute | undefined;
  let tensor: SourceConstant | undefined;
  let body: FileGraph | undefined;
  const numbers: number[] = [];
  const strings: string[] = [];
  yield* c.fields(end, (field, wireType) => {
    if (field === 7) {
      return readNumbers(c, end, wireType, wire.fixed32, (at, stop) => at.float32(stop), numbers, limits.attributeList);
    }
    if (field === 8) return readIntegers(c, end, wireType, numbers, limits.attributeList);
    if (field === 2 && wireType === wire.fixed32) {
      single = c.float32(end);
      return undefined;
    }
    if (field === 3 && wireType === wire.varint) {
      single = c.int64(end);
      return undefined;
    }
    if (field === 20 && wireType === wire.varint) {
      type = c.varint(end);
      return undefined;
    }
    if (wireType !== wire.length) return c.skip(wireType, end);
    switch (field) {
      case 1:
        return assign(c.text(end, limits.name), (text) => {
          name = text;
        });
      case 4:
        return assign(c.text(end, limits.text), (text) => {
          single = text;
        });
      case 5:
        return assign(readTensor(c, c.enter(end)), (value) => {
          tensor = value;
        });
      case 22:
        return assign(readSparseTensor(c, c.enter(end)), (value) => {
          tensor = value;
        });
      case 6:
        return assign(readGraph(c, c.enter(end), counts, depth + 1), (value) => {
          body = value;
        });
      case 9:
        return assign(c.text(end, limits.text), (text) => {
          if (strings.push(text) > limits.attributeList) tooLarge(`a list of more than ${limits.attributeList} texts`);
        });
      case 21:
        return assign(c.text(end, limits.name), (text) => {
          reference = text;
        });
      default:
        return c.skip(wireType, end);
    }
  });
  if (reference) return { name, reference };
  if (tensor) return { name, tensor };
  if (body) return { name, body };
  const value = single ?? (strings.length > 0 ? strings : numbers.length > 0 ? numbers : emptyOfType[type]);
  return value === undefined ? { name } : { name, value };
}

/** What a writer leaves out: zeros and empty lists, by AttributeProto.AttributeType. */
const emptyOfType: Readonly<Record<number, Attribute>> = { 1: 0, 2: 0, 3: '', 6: [], 7: [], 8: [] };

/** Reads a ValueInfoProto that ends at `end`.
 * @throws DomainError `invalid-model` */
export function* readValue(c: WireCursor, end: number): Reading<FileValue> {
  let name = '';
  let elementType: number | undefined;
  let shape: FileDimension[] | undefined;
  /** TypeProto, TypeProto.Tensor, TensorShapeProto: a message each. */
  const tensorType = (stop: number) =>
    c.fields(stop, (field, wireType) => {
      if (field === 1 && wireType === wire.varint) {
        elementType = c.varint(stop);
        return undefined;
      }
      if (field !== 2 || wireType !== wire.length) return c.skip(wireType, stop);
      const dimensions: FileDimension[] = [];
      shape = dimensions;
      const shapeEnd = c.enter(stop);
      return c.fields(shapeEnd, (number, kind) => {
        if (number !== 1 || kind !== wire.length) return c.skip(kind, shapeEnd);
        return assign(readDimension(c, c.enter(shapeEnd)), (dimension) => {
          if (dimensions.push(dimension) > limits.axes) tooLarge(`a tensor of more than ${limits.axes} axes`);
        });
      });
    });
  yield* c.fields(end, (field, wireType) => {
    if (wireType !== wire.length) return c.skip(wireType, end);
    if (field === 1) {
      return assign(c.text(end, limits.name), (text) => {
        name = text;
      });
    }
    if (field !== 2) return c.skip(wireType, end);
    const stop = c.enter(end);
    return c.fields(stop, (kind, kindWire) =>
      kind === 1 && kindWire === wire.length ? tensorType(c.enter(stop)) : c.skip(kindWire, stop),
    );
  });
  return { name, elementType, shape };
}

/** Exporters write 0 and negative lengths where they do not know: a tensor of no elements has no latency to predict. */
function* readDimension(c: WireCursor, end: number): Reading<FileDimension> {
  let dimension: FileDimension;
  yield* c.fields(end, (field, wireType) => {
    if (field === 1 && wireType === wire.varint) {
      const length = c.int64(end);
      if (length > 0) dimension = length;
      return undefined;
    }
    if (field !== 2 || wireType !== wire.length) return c.skip(wireType, end);
    return assign(c.text(end, limits.name), (text) => {
      if (text !== '') dimension = text;
    });
  });
  return dimension;
}
