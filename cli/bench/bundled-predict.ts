// The predict function as it is deployed: its bundle from the synthesised app, a bucket with the shipped predictor and
// one target in it, and an event as API Gateway sends it. Shared by the warm and the cold bench.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { loadPredictor, type PredictorBundle } from '#core/predictor/bundle.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadOf } from '#core/search-space/workload.ts';
import type { Store } from '#core/store/store.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { synthesise } from '#scripts/synth.ts';
import { startS3 } from '#stack/s3/server.ts';
import { planStack } from '#stack/template/plan.ts';
import { adaptTarget, promote, publishPredictor } from '../../test/fixtures/served-predictor.ts';
import { readShippedPredictor } from '../start/read-shipped-predictor.ts';

export interface BundledPredict {
  /** Folder of the bundle: `import(`${codeFolder}/index.mjs`)`. */
  readonly codeFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly bundle: PredictorBundle;
  readonly architectures: readonly string[];
  readonly target: string;
  event(architectures: readonly string[]): unknown;
  /** Puts the same champion and target into another store. */
  serveFrom(store: Store): Promise<void>;
  close(): Promise<void>;
}

const bucket = 'bench-data';
const target = 'titanx_1';

/** Synthesises the app and gives the bundled function Predict over a store with a trained champion. */
export async function bundledPredict(): Promise<BundledPredict> {
  const { folder } = await synthesise();
  const region = 'us-east-1';
  const plan = planStack(folder, { region, accountId: '000000000000' }).functions.find((f) => f.key === 'Predict');
  if (!plan) throw new Error('the template has no function Predict');
  const stateDir = mkdtempSync(join(tmpdir(), 'sugarbush-bench-'));
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' };
  const s3 = await startS3({ stateDir, credentials, region, buckets: [bucket] });
  const environment = {
    ...plan.environment,
    DATA_BUCKET: bucket,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_LAMBDA_FUNCTION_NAME: plan.name,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    SUGARBUSH_METRICS: 'off',
  };
  Object.assign(process.env, environment);

  const space = searchSpace('nasbench201');
  const workload = workloadOf({ searchSpace: space.id });
  const file = new URL('../../data/latency-nasbench201.csv.gz', import.meta.url);
  const table = parseLatencyTable(gunzipSync(readFileSync(file)).toString('utf8'), { file: file.pathname, space });
  const { bundle } = await readShippedPredictor();
  const latencyMs = table.targets.find(({ id }) => id === target)!.latencyMs;
  const measured = Array.from({ length: 10 }, (_, i) => ({
    workload,
    architecture: table.architectures[i]!,
    latencyMs: latencyMs[i]!,
  }));
  const serveFrom = async (store: Store): Promise<void> => {
    const predictor = await loadPredictor(bundle);
    await publishPredictor(store, bundle, predictor);
    await adaptTarget(store, predictor, target, measured);
    await promote(store, predictor.identity.version);
    await predictor.close();
  };
  await serveFrom(s3Store({ bucket }));

  const template = JSON.parse(
    readFileSync(new URL('../../test/fixtures/events/predictions.json', import.meta.url), 'utf8'),
  ) as object;
  return {
    codeFolder: plan.codeFolder,
    environment,
    bundle,
    architectures: table.texts,
    target,
    serveFrom,
    event: (architectures) => ({
      ...template,
      isBase64Encoded: false,
      body: JSON.stringify({ searchSpace: 'nasbench201', target, architectures }),
    }),
    async close() {
      await s3.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
