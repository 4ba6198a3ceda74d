// ModelProto and FunctionProto: the whole file.
import type { FileAttribute, FileFunction, FileGraph, FileModel, FileNode } from './file-model.ts';
import { limits } from './limits.ts';
import { type Counts, readAttribute, readGraph, readNode } from './read-graph.ts';
import { assign } from './read-tensor.ts';
import { malformed, type Reading, tooLarge, type WireCursor, wire } from './wire-cursor.ts';

interface OpsetImport {
  readonly domain: string;
  readonly version: number;
}

/** Reads a ModelProto, the whole of a file.
 * @throws DomainError `invalid-model`; `unsupported-model` past a limit */
export function* readModel(c: WireCursor): Reading<FileModel> {
  const end = c.byteLength;
  const counts: Counts = { nodes: 0, constants: 0 };
  const opsets: OpsetImport[] = [];
  const functions: FileFunction[] = [];
  let graph: FileGraph | undefined;
  yield* c.fields(end, (field, wireType) => {
    if (wireType !== wire.length) return c.skip(wireType, end);
    switch (field) {
      case 7:
        return assign(readGraph(c, c.enter(end), counts, 0), (value) => {
          graph = value;
        });
      case 8:
        return assign(readOpset(c, c.enter(end)), (value) => opsets.push(value));
      case 25:
        return assign(readFunction(c, c.enter(end), counts), (value) => {
          if (functions.push(value) > limits.functions) tooLarge(`more than ${limits.functions} functions`);
        });
      default:
        return c.skip(wireType, end);
    }
  });
  return { graph: graph ?? malformed('it has no graph'), opset: standardOpset(opsets), functions };
}

function standardOpset(opsets: readonly OpsetImport[]): number | undefined {
  return opsets.find((o) => o.domain === '' || o.domain === 'ai.onnx')?.version;
}

function* readOpset(c: WireCursor, end: number): Reading<OpsetImport> {
  let domain = '';
  let version = 0;
  yield* c.fields(end, (field, wireType) => {
    if (field === 2 && wireType === wire.varint) {
      version = c.int64(end);
      return undefined;
    }
    if (field !== 1 || wireType !== wire.length) return c.skip(wireType, end);
    return assign(c.text(end, limits.name), (text) => {
      domain = text;
    });
  });
  return { domain, version };
}

function* readFunction(c: WireCursor, end: number, counts: Counts): Reading<FileFunction> {
  const texts: Record<number, string> = {};
  const inputs: string[] = [];
  const outputs: string[] = [];
  const defaults: FileAttribute[] = [];
  const nodes: FileNode[] = [];
  const opsets: OpsetImport[] = [];
  yield* c.fields(end, (field, wireType) => {
    if (wireType !== wire.length) return c.skip(wireType, end);
    switch (field) {
      // Name, domain, overload.
      case 1:
      case 10:
      case 13:
        return assign(c.text(end, limits.name), (text) => {
          texts[field] = text;
        });
      case 4:
      case 5:
        return assign(c.text(end, limits.name), (text) => {
          const names = field === 4 ? inputs : outputs;
          if (names.push(text) > limits.attributeList)
            tooLarge(`a function of more than ${limits.attributeList} tensors`);
        });
      case 7:
        return assign(readNode(c, c.enter(end), counts, 0), (node) => nodes.push(node));
      case 9:
        return assign(readOpset(c, c.enter(end)), (value) => opsets.push(value));
      case 11:
        return assign(readAttribute(c, c.enter(end), counts, 0), (attribute) => {
          if (defaults.push(attribute) > limits.attributes)
            tooLarge(`a function of more than ${limits.attributes} attributes`);
        });
      default:
        return c.skip(wireType, end);
    }
  });
  return {
    name: texts[1] ?? '',
    domain: texts[10] === 'ai.onnx' ? '' : (texts[10] ?? ''),
    overload: texts[13] ?? '',
    inputs,
    outputs,
    defaults,
    nodes,
    opset: standardOpset(opsets),
  };
}
