// Latencies of a list of architectures on one target, as CSV: one architecture a line comes in, one row a line goes
// out.
//
//   export SUGARBUSH_API=http://127.0.0.1:8787 SUGARBUSH_TOKEN=sb_…     (a reader's, as `npm start` prints)
//   npx node examples/predict-table.ts nasbench201 TARGET < architectures.txt > latencies.csv
import { text } from 'node:stream/consumers';
import { apiClient } from '#client/client.ts';
import { retryText } from '#client/retry.ts';
import { predictOperations } from '#contract/predictions.ts';

process.on('uncaughtException', ({ message }) => {
  console.error(message);
  process.exit(1);
});

const [searchSpace = 'nasbench201', target = ''] = process.argv.slice(2);
if (target === '') throw new Error('usage: predict-table.ts SEARCH_SPACE TARGET < architectures.txt');
const client = apiClient({
  api: process.env['SUGARBUSH_API'] ?? 'http://127.0.0.1:8787',
  token: process.env['SUGARBUSH_TOKEN'],
  onRetry: (retry) => process.stderr.write(retryText(retry)),
  operations: predictOperations,
});

/** The service takes 20,000 at once; less shows the first rows sooner. */
const atOnce = 5000;

const architectures = (await text(process.stdin)).split('\n').filter((line) => line.trim() !== '');
if (architectures.length === 0) throw new Error('no architectures on standard input: give one a line');
for (let from = 0; from < architectures.length; from += atOnce) {
  const part = architectures.slice(from, from + atOnce);
  const reply = await client.call('predict', { body: { searchSpace, target, architectures: part } });
  const { latencyMs, lowMs, highMs, trust, trustReason } = reply.results[0]!;
  if (from === 0) {
    console.error(`${target}: ${trust}, ${trustReason}`);
    console.log('architecture,latency_ms,low_ms,high_ms');
  }
  for (const [i, architecture] of part.entries()) {
    console.log(`"${architecture}",${latencyMs[i]},${lowMs[i]},${highMs[i]}`);
  }
}
