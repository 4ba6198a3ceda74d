import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { importCommand, stateFile } from '#cli/commands/import.ts';
import { fieldClient } from '#cli/import/field-client.ts';
import { importProgress, progressLine } from '#cli/import/progress.ts';
import { parseOptions } from '#command-line/parse-options.ts';

const good = [
  '--search-space',
  'ofa',
  '--data',
  'a/latency-ofa.csv.gz',
  '--api',
  'http://127.0.0.1:1/',
  '--token',
  'sb_a',
];

const read = (args: readonly string[], env: Record<string, string> = {}) => {
  const { values } = parseOptions(args, importCommand, env);
  return { ...values, state: stateFile(values) };
};

describe('options of an import', () => {
  it('are read, with the state beside the others', () => {
    expect(read(good)).toEqual({
      searchSpace: 'ofa',
      data: 'a/latency-ofa.csv.gz',
      api: 'http://127.0.0.1:1',
      token: 'sb_a',
      targets: undefined,
      atOnce: 4,
      json: false,
      state: '.sugarbush/import/latency-ofa.json',
    });
    expect(read(good.slice(0, -2), { SUGARBUSH_TOKEN: 'sb_b' }).token).toBe('sb_b');
    expect(read([...good, '--targets', 'a, b']).targets).toEqual(['a', 'b']);
  });

  it.each([
    [['--search-space', 'darts'], /--search-space 'darts': /],
    [['--api', 'example.org'], /--api 'example.org': /],
    [['--api', 'ftp://example.org'], /--api 'ftp:/],
    [['--token', 'abc'], /^--token: must look like sb_…$/],
    [['--at-once', '0'], /--at-once '0': /],
    [['--frobnicate'], /frobnicate/],
  ])('are refused: %j', (more, message) => {
    expect(() => read([...good, ...more])).toThrow(message);
  });
});

describe('progress of an import', () => {
  it('says how far and how long', () => {
    expect(progressLine(0, 21, 3)).toBe('import [------------------------] 0 of 21 targets, estimating');
    expect(progressLine(7, 21, 10)).toBe('import [########----------------] 7 of 21 targets, 20 s left');
    expect(progressLine(21, 21, 30.4)).toBe('import [########################] 21 of 21 targets, 30 s');
  });

  it('rewrites its line on a terminal and writes one every five seconds elsewhere', () => {
    const write = (isTTY: boolean) => {
      let text = '';
      let nowMs = 0;
      const progress = importProgress({ isTTY, write: (part) => (text += part) }, () => nowMs);
      for (let done = 0; done <= 4; done++, nowMs += 3000) progress.update(done, 4);
      progress.stop();
      return text;
    };
    expect(write(true).match(/\r/g)).toHaveLength(5);
    expect(write(true).endsWith('12 s\n')).toBe(true);
    expect(
      write(false)
        .split('\n')
        .slice(0, -1)
        .map((line) => line.match(/(\d) of/)![1]),
    ).toEqual(['0', '2', '4']);
  });
});

describe('the client of an import', () => {
  let server: Server;
  afterEach(() => server.close());

  async function clientOf(listener: RequestListener) {
    server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return fieldClient({ api: `http://127.0.0.1:${port}`, tries: 3, firstPauseMs: 1 });
  }

  const place = (url: string) =>
    ({
      uploadId: 'u',
      status: 'waiting',
      method: 'PUT',
      url,
      headers: { 'content-length': '1', a: 'b' },
      expiresAt: '',
    }) as const;

  it('tries again what may pass, and takes an object that is there already for put', async () => {
    const statuses = [503, 500, 200, 409, 412, 403];
    const seen: (string | undefined)[] = [];
    const client = await clientOf((incoming, response) => {
      seen.push(incoming.headers['a'] as string);
      incoming.resume().on('end', () => response.writeHead(statuses.shift()!).end());
    });
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/x`;
    await client.put(place(url), new Uint8Array([1]));
    expect(statuses).toEqual([409, 412, 403]);
    await client.put(place(url), new Uint8Array([1]));
    expect(statuses).toEqual([403]);
    await expect(client.put(place(url), new Uint8Array([1]))).rejects.toMatchObject({ message: /403/ });
    expect(new Set(seen)).toEqual(new Set(['b']));
  });

  it('gives up with the last fault, and at once on a refusal', async () => {
    const problem = (code: string) =>
      JSON.stringify({ type: 'urn:x', title: 'T', status: 400, code, detail: `why ${code}`, requestId: 'r' });
    let asked = 0;
    let answer: [number, string] = [500, problem('internal')];
    const client = await clientOf((_, response) => {
      asked++;
      response.writeHead(answer[0], { 'content-type': 'application/problem+json' }).end(answer[1]);
    });
    await expect(client.show('t', 'u')).rejects.toMatchObject({ message: /failed 3 times.*why internal/ });
    expect(asked).toBe(3);
    for (const [status, code] of [
      [429, 'quota-exceeded'],
      [409, 'conflict'],
      [401, 'unauthorized'],
      [403, 'forbidden'],
    ] as const) {
      asked = 0;
      answer = [status, problem(code)];
      await expect(client.show('t', 'u')).rejects.toMatchObject({ code, message: `${code}: why ${code}` });
      expect(asked).toBe(1);
    }
  });
});
