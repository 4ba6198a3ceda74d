// What a function writes about a request: one log line under the ids that it is found by, and metrics of the contract;
// nothing of what was asked, and of the token its id alone.
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { metricNamespace, metricSets } from '#contract/metrics.ts';
import { captured, context } from './service-under-test.ts';

const written: string[] = [];
let handler: import('#functions/shared/http-handler.ts').HttpHandler;
beforeAll(async () => {
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'INFO', POWERTOOLS_DEV: 'false' });
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  }
  for (const stream of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, stream).mockImplementation((...parts) => void written.push(parts.join(' ')));
  }
  const { httpHandler } = await import('#functions/shared/http-handler.ts');
  const { predictOperations } = await import('#contract/predictions.ts');
  handler = httpHandler(predictOperations, {
    predict: async ({ body }) => {
      if (body.target === 'boom') throw new Error('the store is down');
      return {
        searchSpace: 'nasbench201' as const,
        inputSize: 32,
        batchSize: 1,
        architectures: 0,
        confidence: 0.9,
        results: [],
      };
    },
  });
});
const coldStarts: Record<string, unknown>[] = [];
afterEach(() => {
  coldStarts.push(...lines().filter((line) => 'ColdStarts' in line));
  written.splice(0);
});

const lines = () =>
  written
    .join('\n')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

test.each([
  ['server', 200, 'request', 'INFO', 0, 0],
  ['', 400, 'refused', 'INFO', 1, 0],
  ['boom', 500, 'failed', 'ERROR', 0, 1],
])('target %j: status %i', async (target, status, message, level, refusals, errors) => {
  const event = await captured('predictions', (changed) => {
    changed.body = changed.body!.replace('"server"', JSON.stringify(target));
  });
  const reply = await handler(event, context);
  expect(reply.statusCode).toBe(status);
  const log = lines().find((line) => line.message === message);
  expect(log).toMatchObject({ level, route: 'POST /v1/predictions', status, requestId: 'JKJaXmPLvHcESHA=' });
  const { tokenId } = (event.requestContext as unknown as { authorizer: { lambda: { tokenId: string } } }).authorizer
    .lambda;
  // What is no id is not logged as one.
  expect([log.tokenId, log.targetId]).toEqual([tokenId, target === '' ? undefined : target]);
  const metric = lines().find((line) => 'Route' in line);
  expect(metric).toMatchObject({
    _aws: {
      CloudWatchMetrics: [
        {
          Namespace: metricNamespace,
          Dimensions: [['Route']],
          Metrics: Object.entries(metricSets.requests.units).map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    Route: 'POST /v1/predictions',
    DurationMs: log.durationMs,
    Refusals: refusals,
    Errors: errors,
  });
  const all = written.join('\n');
  for (const secret of ['nor_conv', 'Bearer', event.headers['authorization']!.split('_')[2]!, 'nasbench201']) {
    expect(all).not.toContain(secret);
  }
  if (errors === 1) {
    expect(all).toContain('the store is down');
    expect(reply.body).not.toContain('the store is down');
  }
});

test('a process counts itself once', () => {
  expect(coldStarts).toHaveLength(1);
  expect(coldStarts[0]).toMatchObject({ ColdStarts: 1, _aws: { CloudWatchMetrics: [{ Dimensions: [['Function']] }] } });
});
