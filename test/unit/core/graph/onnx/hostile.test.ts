// Bytes that nobody vouches for: whatever they are, the reader ends in an operator graph or in one of its refusals, and
// its work is bounded by what is in the file.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError } from '#core/errors.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { onnxBytes, onnxNames } from '../../../../fixtures/onnx-models.ts';

const refusals = ['invalid-model', 'unsupported-model', 'unbound-dimension', 'invalid-request'];

async function endsWell(bytes: Uint8Array): Promise<string> {
  try {
    const graph = await readOnnx(bytesAsSource(bytes), { batch: 1 });
    parseOperatorGraph(graph);
    return 'read';
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(refusals).toContain(error.code);
    expect(error.message.length).toBeLessThan(3000);
    return error.code;
  }
}

const fixture = fc.constantFrom(...onnxNames).map(onnxBytes);

describe('every file ends in a graph or a refusal:', () => {
  it('any bytes', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => void (await endsWell(bytes))));
  });

  it('a model cut short', async () => {
    await fc.assert(
      fc.asyncProperty(fixture, fc.double({ min: 0, max: 1, noNaN: true }), async (bytes, part) => {
        const outcome = await endsWell(bytes.subarray(0, Math.floor(part * (bytes.length - 1))));
        expect(outcome).not.toBe('read');
      }),
      { numRuns: 300 },
    );
  });

  it('a model with some bytes changed', async () => {
    const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), to: fc.nat(255) });
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fixture, fc.array(change, { minLength: 1, maxLength: 6 }), async (original, changes) => {
        // Where the structure is: weights are skipped anyway.
        const bytes = original.slice();
        const reach = Math.min(bytes.length, 2000);
        for (const { at, to } of changes) bytes[Math.floor(at * reach)] = to;
        const outcome = await endsWell(bytes);
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 2000 },
    );
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['read', 'invalid-model', 'unsupported-model']));
  });

  it('a model with a piece repeated or taken out', async () => {
    const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    await fc.assert(
      fc.asyncProperty(fixture, place, place, fc.boolean(), async (bytes, a, b, twice) => {
        const [begin, end] = [a, b].map((p) => Math.floor(p * bytes.length)).toSorted((x, y) => x - y) as [
          number,
          number,
        ];
        const piece = twice ? bytes.subarray(begin, end) : new Uint8Array();
        await endsWell(Buffer.concat([bytes.subarray(0, end - (twice ? 0 : end - begin)), piece, bytes.subarray(end)]));
      }),
      { numRuns: 300 },
    );
  });
});

/** Protobuf by hand: a field of bytes. */
const field = (number: number, ...content: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(content);
  const varint: number[] = [];
  for (let rest = body.length; ; rest = Math.floor(rest / 128)) {
    varint.push(rest < 128 ? rest : (rest % 128) | 128);
    if (rest < 128) break;
  }
  const tag = number * 8 + 2;
  return Buffer.concat([
    Uint8Array.from(tag < 128 ? [tag] : [(tag % 128) | 128, Math.floor(tag / 128)]),
    Uint8Array.from(varint),
    body,
  ]);
};
const text = (number: number, value: string) => field(number, Buffer.from(value));
const int = (number: number, value: number) => Uint8Array.from([number * 8, value]);
const opset = field(8, int(2, 17));
const outcomeOf = async (...parts: readonly Uint8Array[]) => {
  const error = await readOnnx(bytesAsSource(Buffer.concat(parts))).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DomainError);
  return (error as DomainError).message;
};

describe('work is bounded:', () => {
  it('bodies in bodies', async () => {
    let graph: Uint8Array = text(2, 'innermost');
    for (let depth = 0; depth < 20_000; depth += 1) {
      graph = field(1, text(4, 'If'), field(5, text(1, 'then_branch'), field(6, graph)));
      if (graph.length > 60_000) break;
    }
    expect(await outcomeOf(field(7, graph), opset)).toBe('the model is too large: graphs nested deeper than 16');
  });

  it('a function that calls itself', async () => {
    const call = field(1, text(2, 'y'), text(4, 'F'), text(7, 'd'));
    const f = field(25, text(1, 'F'), text(10, 'd'), text(5, 'y'), field(7, text(2, 'y'), text(4, 'F'), text(7, 'd')));
    const graph = field(7, call, field(12, text(1, 'y')));
    expect(await outcomeOf(graph, opset, f)).toBe('the model is too large: functions nested deeper than 16, at "F"');
  });

  it('functions that call functions, ten times each', async () => {
    const call = (to: number) => field(7, text(4, `F${to}`), text(7, 'd'));
    const functions = Array.from({ length: 12 }, (_, i) =>
      field(25, text(1, `F${i}`), text(10, 'd'), ...new Array<Uint8Array>(10).fill(call(i + 1))),
    );
    const graph = field(7, field(1, text(4, 'F0'), text(7, 'd')), field(12, text(1, 'y')));
    expect(await outcomeOf(graph, opset, ...functions)).toBe(
      'the model is too large: more than 100000 nodes with those of its functions',
    );
  });

  it('functions of few nodes with many tensors', async () => {
    const names = new Array<Uint8Array>(1000).fill(text(1, 'x'));
    const f = field(
      25,
      text(1, 'F'),
      text(10, 'd'),
      ...new Array<Uint8Array>(100).fill(field(7, ...names, text(4, 'Sum'))),
    );
    const calls = new Array<Uint8Array>(100).fill(field(1, text(4, 'F'), text(7, 'd')));
    expect(await outcomeOf(field(7, ...calls, field(12, text(1, 'y'))), opset, f)).toBe(
      'the model is too large: more than 3000000 tensors with those of its functions',
    );
  });

  it('lists of millions of numbers', async () => {
    const ints = field(8, new Uint8Array(1024));
    const node = field(1, text(4, 'A'), ...Array.from({ length: 60 }, () => field(5, text(1, 'a'), ints)));
    expect(await outcomeOf(field(7, ...new Array<Uint8Array>(100).fill(node)), opset)).toBe(
      'the model is too large: more than 6000000 fields and numbers',
    );
  });

  it('a hundred thousand and one nodes', async () => {
    const node = field(1, text(4, 'A'));
    const graph = field(7, Buffer.concat(new Array<Uint8Array>(100_001).fill(node)));
    expect(await outcomeOf(graph, opset)).toBe('the model is too large: more than 100000 nodes');
  });

  it('a name of a megabyte', async () => {
    expect(await outcomeOf(field(7, field(1, text(1, 'n'.repeat(2 ** 20)))), opset)).toBe(
      'the model is too large: a text of 1048576 bytes; at most 512',
    );
  });

  it('tensors that grow by a factor a node stop at a terabyte', async () => {
    const nodes = Array.from({ length: 64 }, (_, i) =>
      field(
        1,
        text(1, i === 0 ? 'x' : `t${i - 1}`),
        text(1, i === 0 ? 'x' : `t${i - 1}`),
        text(2, `t${i}`),
        text(4, 'Concat'),
        field(5, text(1, 'axis'), int(3, 0), Uint8Array.from([160, 1, 2])),
      ),
    );
    const shape = field(2, field(1, int(1, 127)));
    const x = field(11, text(1, 'x'), field(2, field(1, int(1, 1), shape)));
    const message = await outcomeOf(field(7, ...nodes, x, field(12, text(1, 't63'))), opset);
    // 127 · 2^25 is beyond the largest dimension.
    expect(message).toBe('node 24 (Concat): a tensor of shape [4261412864]');
  });
});
