// Against a service in memory that keeps the contract of the HTTP API: idempotent registration, PUT once, a verdict.
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type ImportClient,
  type ImportRequest,
  type ImportState,
  importOperations,
  importTable,
} from '#cli/import/import-table.ts';
import { readingOf, tableProfile, targetOfColumn, workloadOfColumn } from '#cli/import/table-profiles.ts';
import { readTable } from '#cli/read-table.ts';
import { apiClient, type ClientPorts, type InputOf } from '#client/client.ts';
import { noRetries } from '#client/retry.ts';
import { profileSchema } from '#core/dataset/profile.ts';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const rows = [
  'architecture,board_1,board_32,essential_ph_1,gold_6240',
  '|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|,1.5,2.5,9,0',
  '|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|,3,4,16,7.25',
];
const sheet = { columns: { board_1: { device: 'board' }, board_32: { device: 'board', batchSize: 32 } } };
const table = parseLatencyTable(rows.join('\n'), { file: 'table.csv', space: searchSpace('nasbench201'), sheet });
const columns = table.targets.map(({ id }) => id);

describe('a table as profiles', () => {
  it('makes a valid profile of a column, the same bytes every time', () => {
    const made = tableProfile(table, 'board_32');
    const profile = profileSchema.parse(JSON.parse(gunzipSync(made.bytes).toString()));
    expect(profile.target.hardware.model).toBe('board');
    expect(profile.workloads).toEqual([{ searchSpace: 'nasbench201', inputSize: 32, batchSize: 32 }]);
    expect(profile.measurements.map(({ latency }) => latency.medianMs)).toEqual([2.5, 4]);
    expect(made.targetId).toMatch(/^board-[0-9a-f]{20}$/);
    expect(tableProfile(table, 'board_32')).toEqual(made);
  });

  it('leaves out what the table does not have', () => {
    expect(tableProfile(table, 'gold_6240').measurements).toBe(1);
  });

  it('names the target as it is told, whatever the name ends in', () => {
    expect(targetOfColumn('titanx_256').hardware.model).toBe('titanx_256');
    expect(workloadOfColumn('ofa')).toEqual({ searchSpace: 'ofa', inputSize: null, batchSize: 1 });
    expect(workloadOfColumn('nasbench201', 256)).toMatchObject({ batchSize: 256, inputSize: 32 });
  });

  it('makes one target of a device at several batch sizes, and of the same device in another table', () => {
    const ids = columns.map((column) => tableProfile(table, column).targetId);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
    const fbnet = searchSpace('fbnet');
    const other = parseLatencyTable(`architecture,board_64\n"${fbnet.example}",5`, { file: 'f.csv', space: fbnet });
    expect(tableProfile(other, 'board_64').targetId).not.toBe(ids[0]);
    const read = parseLatencyTable(`architecture,board_64\n"${fbnet.example}",5`, {
      file: 'f.csv',
      space: fbnet,
      sheet: { columns: { board_64: { device: 'board', batchSize: 64 } } },
    });
    expect(tableProfile(read, 'board_64').targetId).toBe(ids[0]);
  });

  it('makes 12 targets of the 21 columns of a shipped table, as data/README.md reads them', () => {
    const file = new URL('../../../../data/latency-fbnet.csv.gz', import.meta.url);
    const read = readTable(file.pathname, 'fbnet').targets.map(readingOf);
    const batchSizes = Array.from(
      Map.groupBy(read, ({ device }) => device),
      ([device, own]) => [device, own.map(({ batchSize }) => batchSize)],
    );
    expect(batchSizes).toEqual([
      ['1080ti', [1, 32, 64]],
      ['2080ti', [1, 32, 64]],
      ['essential_ph_1', [1]],
      ['gold_6240', [1]],
      ['pixel3', [1]],
      ['samsung_a50', [1]],
      ['samsung_s7', [1]],
      ['silver_4114', [1]],
      ['silver_4210r', [1]],
      ['titan_rtx', [1, 32]],
      ['titanx', [1, 32, 64]],
      ['titanxp', [1, 32, 64]],
    ]);
  });
});

type RegisterRequest = InputOf<typeof importOperations.registerUpload>['body'];
const time = '2026-01-02T03:04:05.000Z';

/** Counts what it is asked; `failAt` throws at the nth call from then on. */
function serviceInMemory() {
  const uploads = new Map<string, { body: RegisterRequest; bytes?: Uint8Array }>();
  const puts = new Map<string, number>();
  let validToken = '';
  let tokens = 0;
  const service = {
    enrolments: 0,
    puts,
    failAt: Number.POSITIVE_INFINITY,
    calls: 0,
    endToken: () => {
      validToken = 'ended';
    },
  };
  const pay = (): void => {
    if (++service.calls >= service.failAt) throw new Error('cut off');
  };
  const answer = (status: number, body: unknown): Response => Response.json(body, { status });
  const enrol = (): Response => {
    service.enrolments++;
    validToken = `token-${tokens++}`;
    const device = { deviceId: 'table', name: 'Table', tokenId: '0', createdAt: time, expiresAt: time };
    return answer(201, { device, token: validToken });
  };
  const register = (key: string, body: RegisterRequest): Response => {
    const uploadId = createHash('sha256').update(key).digest('hex').slice(0, 32);
    const known = uploads.get(uploadId) ?? { body };
    uploads.set(uploadId, known);
    const put = { method: 'PUT', url: `http://store/${uploadId}`, headers: {}, expiresAt: time };
    return answer(201, { uploadId, status: known.bytes ? 'accepted' : 'waiting', ...put });
  };
  const put = (uploadId: string, bytes: Uint8Array): Response => {
    puts.set(uploadId, (puts.get(uploadId) ?? 0) + 1);
    uploads.get(uploadId)!.bytes ??= bytes;
    return new Response();
  };
  const show = (uploadId: string): Response => {
    const { body, bytes } = uploads.get(uploadId)!;
    const verdict = bytes
      ? { status: 'accepted', finishedAt: time, targetId: uploadId, measurements: 2, excludedCount: 0 }
      : { status: 'waiting', finishedAt: null, targetId: null, measurements: null, excludedCount: null };
    const rest = { deviceId: 'table', registeredAt: time, excluded: [], reason: null };
    return answer(200, { uploadId, ...body, searchSpace: null, ...rest, ...verdict });
  };
  const fetch: ClientPorts['fetch'] = async (address, init) => {
    pay();
    const { host, pathname } = new URL(String(address));
    const id = pathname.split('/').at(-1)!;
    const headers = new Headers(init?.headers);
    if (host === 'store') return put(id, init!.body as Uint8Array);
    if (pathname === '/v1/devices') return enrol();
    if (headers.get('authorization') !== `Bearer ${validToken}`) return answer(401, { code: 'unauthorized' });
    if (init?.method === 'GET') return show(id);
    return register(headers.get('idempotency-key')!, JSON.parse(String(init?.body)) as RegisterRequest);
  };
  const client = apiClient({
    api: 'http://here',
    operations: importOperations,
    token: 'operator',
    retry: noRetries,
    strict: true,
    ports: { fetch },
  });
  return { service, client };
}

function request(client: ImportClient, states: ImportState[] = []): ImportRequest {
  return {
    table,
    columns,
    client,
    state: states.at(-1) ?? { api: 'http://here', finished: {} },
    keep: (state) => states.push(structuredClone(state)),
    atOnce: 2,
  };
}

describe('an import', () => {
  it('enrols once and sends every column, in order of the table, with progress', async () => {
    const { service, client } = serviceInMemory();
    const progress: number[] = [];
    const imported = await importTable({ ...request(client), onProgress: (done) => progress.push(done) });
    expect(imported.map(({ column, before }) => [column, before])).toEqual(columns.map((column) => [column, false]));
    expect(service.enrolments).toBe(1);
    expect([...service.puts.values()]).toEqual([1, 1, 1, 1]);
    expect(progress).toEqual([0, 1, 2, 3, 4]);
  });

  it('goes on where it was cut off, wherever that was, and sends nothing twice', async () => {
    for (let failAt = 1; failAt < 14; failAt++) {
      const { service, client } = serviceInMemory();
      const states: ImportState[] = [];
      service.failAt = failAt;
      const cut = await importTable(request(client, states)).catch((error: unknown) => error);
      expect([failAt, cut instanceof DomainError]).toEqual([failAt, failAt <= 13]);
      service.failAt = Number.POSITIVE_INFINITY;
      const finishedBefore = Object.keys(states.at(-1)?.finished ?? {}).length;
      const imported = await importTable(request(client, states));
      expect(imported.map(({ verdict }) => verdict.status)).toEqual(columns.map(() => 'accepted'));
      expect(imported.filter(({ before }) => before)).toHaveLength(finishedBefore);
      expect([...service.puts.values()].every((count) => count === 1)).toBe(true);
      expect(service.enrolments).toBe(1);
    }
  });

  it('asks for nothing that its state knows', async () => {
    const { service, client } = serviceInMemory();
    const states: ImportState[] = [];
    await importTable(request(client, states));
    const { calls } = service;
    const again = await importTable(request(client, states));
    expect(again.every(({ before }) => before)).toBe(true);
    expect(service.calls).toBe(calls);
  });

  it('enrols again when the token of its state has ended', async () => {
    const { service, client } = serviceInMemory();
    const states: ImportState[] = [];
    await importTable({ ...request(client, states), columns: ['board_1'] });
    service.endToken();
    const imported = await importTable(request(client, states));
    expect(imported).toHaveLength(4);
    expect(service.enrolments).toBe(2);
  });
});
