// Models on a real stack, from a file to a table: by the command line with --api, whose every byte is looked at on its
// way, and by the programs of examples/ in Python, where there is one with the packages.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { reportSchema } from '#cli/predict/report.ts';
import { canonicalGraph } from '#core/graph/canonical-graph.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { hasOnnx, pythonHas, pythonProgram } from '../fixtures/onnx-python.ts';
import { type FieldStack, profileOf, rowsFrom, startFieldStack } from './field-stack.ts';

vi.setConfig({ testTimeout: 420_000, hookTimeout: 420_000 });

const model = 'examples/mobilenetv2.onnx';
let field: FieldStack;
let target: string;
let proxy: Server;
/** What left for the service: method, path and body of each request. */
const sent: { readonly method: string; readonly path: string; readonly body: string }[] = [];
const folder = mkdtempSync(join(tmpdir(), 'sugarbush-models-'));

beforeAll(async () => {
  field = await startFieldStack({ maxSandboxes: 2, predictor: 'shipped' });
  const device = await field.enrol('board');
  const { uploadId } = await field.send(device, profileOf('titanx_1', rowsFrom(0, 40)));
  target = (await field.finished(device, uploadId)).targetId!;
  proxy = createServer(async (request, response) => {
    const body = await buffer(request);
    const { method, url, headers } = request;
    sent.push({ method: method!, path: url!, body: body.toString('utf8') });
    const answer = await fetch(`${field.stack.apiUrl}${url}`, {
      method: method!,
      headers: { authorization: headers.authorization!, 'content-type': 'application/json' },
      ...(body.length > 0 && { body }),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type')! });
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  proxy?.close();
  await field?.close();
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

const run = (program: string, args: readonly string[], env: Record<string, string> = {}) =>
  new Promise<Ran>((resolve) => {
    const environment = { ...process.env, NODE_OPTIONS: '', PYTHONDONTWRITEBYTECODE: '1', ...env };
    execFile(program, args, { env: environment }, (error, out, said) => {
      resolve({ code: error === null ? 0 : (error.code as number), out, said });
    });
  });
const predict = (...args: string[]) => {
  const { port } = proxy.address() as AddressInfo;
  const service = ['--api', `http://127.0.0.1:${port}`, '--token', field.reader];
  return run(process.execPath, ['cli/sugarbush.mjs', 'predict', ...service, ...args]);
};

describe('sugarbush predict --api', () => {
  test('tells what the service answers, with the names of the file; the canonical graph is all that left', async () => {
    sent.length = 0;
    const { code, out, said } = await predict(model, '--json', '--explain', '--budget', '20');
    expect([code, said]).toEqual([0, '']);
    const { models, predictions } = reportSchema.parse(JSON.parse(out));
    const graph = await readOnnx(bytesAsSource(readFileSync(model)));
    expect(models).toMatchObject([{ file: model, name: 'mobilenetv2_100', hash: graphHash(graph), operators: 100 }]);
    expect(predictions.map((own) => own.target)).toEqual([target]);
    const { latencyMs, kinds, places, fits } = predictions[0]!;
    for (const parts of [kinds, places!]) {
      expect(parts.reduce((sum, { ms }) => sum + ms, 0) / latencyMs).toBeCloseTo(1, 4);
    }
    expect(fits).toMatch(/^(yes|maybe|no)$/);
    // What the file calls its parts, though the service was never told.
    const names = new Set(graph.nodes.flatMap(({ name = '', outputs }) => [name, ...outputs]));
    expect(places!.filter(({ name }) => names.has(name)).length).toBeGreaterThan(40);

    const { name: _, ...canonical } = canonicalGraph(graph).graph;
    const id = graphHash(graph);
    expect(sent.map(({ method, path, body }) => [method, path, body === '' ? undefined : JSON.parse(body)])).toEqual([
      ['GET', '/v1/targets?limit=200', undefined],
      ['POST', '/v1/models', { graph: JSON.parse(JSON.stringify(canonical)) }],
      [
        'POST',
        '/v1/predictions',
        { models: [id], targets: [target], batchSize: 1, confidence: 0.9, budgetMs: 20, explain: true },
      ],
    ]);
    const text = JSON.stringify(sent);
    for (const word of ['mobilenetv2', 'conv_stem', ...graph.inputs.map((input) => `"${input.name}"`)]) {
      expect(text).not.toContain(word);
    }
  });

  test('prints the table of two models compared, for a part of a target’s name', async () => {
    const graph = await readOnnx(bytesAsSource(readFileSync(model)));
    const other = join(folder, 'two.json');
    writeFileSync(other, JSON.stringify({ ...graph, name: 'same' }));
    const { code, out } = await predict('--compare', model, other, '--target', target.slice(0, 12).toUpperCase());
    const row = new RegExp(`\\n${target} .* 1 x +overlap +measure-first\\n`);
    expect([code, out]).toEqual([0, expect.stringMatching(row)]);
  });

  test('is refused without a token, for a target that is not there, and by a service that does not know the token', async () => {
    const none = await run(process.execPath, ['cli/sugarbush.mjs', 'predict', model, '--api', field.stack.apiUrl], {
      SUGARBUSH_TOKEN: '',
    });
    expect([none.code, none.said]).toEqual([2, expect.stringContaining('token')]);
    const abacus = await predict(model, '--target', 'abacus');
    expect([abacus.code, abacus.said]).toEqual([1, expect.stringContaining("is or contains 'abacus'")]);
    const stranger = await predict(model, '--token', 'sb_0011223344556677_no');
    expect([stranger.code, stranger.said]).toEqual([1, expect.stringContaining('401')]);
  });
});

const noPython = 'no Python with the package onnx: SUGARBUSH_PYTHON names one';
describe.skipIf(!hasOnnx())(`examples in Python (${hasOnnx() ? 'run' : noPython})`, () => {
  const python = (file: string, ...args: string[]) =>
    run(pythonProgram, [`examples/${file}`, ...args], {
      SUGARBUSH_API: field.stack.apiUrl,
      SUGARBUSH_TOKEN: field.reader,
    });

  test('predict.py sends the same graph as the command line, and prints a table', async () => {
    const { code, out, said } = await python('predict.py', model, '--budget', '20');
    expect([code, said]).toEqual([0, '']);
    const id = graphHash(await readOnnx(bytesAsSource(readFileSync(model))));
    const [head, row] = out.trim().split('\n');
    expect(head).toBe(`${model}: ${id}, batch 1, 100 operators`);
    expect(row).toMatch(new RegExp(`^${target} +[\\d.]+ ms +[\\d.]+ – [\\d.]+ ms  [a-z-]+  within 20 ms: \\d+%$`));
  });

  test('predict.py says what is refused', async () => {
    const loop = await python('predict.py', 'test/fixtures/onnx/loop.onnx');
    expect([loop.code, loop.said]).toEqual([1, expect.stringContaining('422 control flow cannot be predicted')]);
    const open = await python('predict.py', 'test/fixtures/onnx/shape-chain.onnx');
    expect([open.code, open.said]).toEqual([1, expect.stringContaining('axis 2 ("height")')]);
    const bound = await python('predict.py', 'test/fixtures/onnx/shape-chain.onnx', '--dim', 'height=16');
    expect([bound.code, bound.out]).toEqual([0, expect.stringContaining(target)]);
  });

  test.skipIf(!pythonHas('optuna'))(`search.py finds a network that fits (package optuna)`, async () => {
    const { code, out } = await python('search.py', target, '1000', '6');
    expect([code, out]).toEqual([0, expect.stringMatching(/^\{'depth': \d+.* MMACs, [\d.e+-]+ ms; \d of 6 fit\n$/)]);
    const none = await python('search.py', target, '0.000001', '2');
    expect([none.code, none.said]).toEqual([1, expect.stringContaining('none of 2 networks fits')]);
  });

  test('each compiles', () => {
    for (const file of ['predict', 'search', 'timm_latency']) {
      execFileSync(pythonProgram, ['-c', `compile(open('examples/${file}.py').read(), '${file}', 'exec')`]);
    }
  });
});

test('docs/models.md shows timm_latency.py as it is', () => {
  const [, ...program] = readFileSync('examples/timm_latency.py', 'utf8').split('\n');
  expect(readFileSync('docs/models.md', 'utf8')).toContain(`\`\`\`python\n${program.join('\n')}\`\`\`\n`);
});
