// From files to a report by a service: of each model the canonical operator graph is sent, without the names that its
// author gave, and nothing else; the names come back into the report here.
import { apiClient, type Client } from '#client/client.ts';
import type { Retry } from '#client/retry.ts';
import { modelOperations } from '#contract/models.ts';
import { predictOperations } from '#contract/predictions.ts';
import { targetOperations } from '#contract/targets.ts';
import { DomainError } from '#core/errors.ts';
import { canonicalGraph } from '#core/graph/canonical-graph.ts';
import { predictionLimits } from '#core/serve/predict-latencies.ts';
import { modelPredictionLimits } from '#core/serve/predict-models.ts';
import { nearestNames } from '#core/text/nearest-names.ts';
import type { ModelsRequest } from './predict-models.ts';
import { type Model, readModel } from './read-model.ts';
import { compareModels, fits, type ModelReport, notesOf, placesOf, type ReportedPrediction } from './report.ts';

export const serviceOperations = {
  registerModel: modelOperations.registerModel,
  predict: predictOperations.predict,
  listTargets: targetOperations.listTargets,
} as const;
type Service = Client<typeof serviceOperations>;
type Registered = Awaited<ReturnType<typeof register>>;
type Answer = Extract<Awaited<ReturnType<typeof ask>>, object>;

export interface ServiceAddress {
  readonly api: string;
  readonly token: string;
  readonly signal: AbortSignal;
  /** Told before each pause of the client. */
  readonly onRetry?: (retry: Retry) => void;
}

const confidence = 0.9;

/** Predictions of a service for the files of a request, as `sugarbush predict` tells them.
 * @throws DomainError what reading a model throws, `unknown-target`; what the client throws */
export async function askService(service: ServiceAddress, request: ModelsRequest): Promise<ModelReport> {
  const { files, compare, budgetMs, explain } = request;
  const models = await Promise.all(files.map((file) => readModel(file, request)));
  const client = apiClient({ ...service, operations: serviceOperations });
  const targets = pick(await everyTarget(client), request.targets);
  const registered: Registered[] = [];
  for (const model of models) registered.push(await register(client, model));
  const predictions: ReportedPrediction[] = [];
  let predictor = { version: '', hash: '' };
  for (const own of registered) {
    const answer = await ask(client, own, [...targets.keys()], { budgetMs, explain });
    predictor = answer.results[0]!.predictor;
    const told = answer.results.map((result) =>
      toldOf(own, result, targets.get(result.target)!, { budgetMs, explain }),
    );
    predictions.push(...told.sort((a, b) => a.latencyMs - b.latencyMs));
  }
  return {
    schemaVersion: 1,
    predictor,
    confidence,
    ...(budgetMs !== undefined && { budgetMs }),
    models: registered.map(({ told }) => told),
    predictions,
    ...(compare && { comparison: compareModels(predictions, files as [string, string]) }),
  };
}

/** Sends the graph of a model. */
async function register(client: Service, model: Model) {
  const { graph, sources } = canonicalGraph(model.graph);
  const { name: _, ...sent } = graph;
  const view = await client.call('registerModel', { body: { graph: sent as never } });
  return {
    model,
    sources,
    id: view.model,
    batch: view.batchSize * model.batch,
    told: {
      file: model.file,
      name: model.graph.name,
      hash: view.model,
      batch: view.batchSize * model.batch,
      inputs: model.graph.inputs.map(({ name, type, shape }) => ({ name, type, shape: [...shape] })),
      operators: view.operators.reduce((sum, { count }) => sum + count, 0),
      macs: (view.lowerings[0]?.macs ?? 0) * model.batch,
    },
  };
}

/** One model on all the targets, as many at a time as a request takes. */
async function ask(
  client: Service,
  { id, batch, model }: Registered,
  targets: readonly string[],
  { budgetMs, explain }: Pick<ModelsRequest, 'budgetMs' | 'explain'>,
) {
  const explained = Math.floor(modelPredictionLimits.places / Math.max(1, model.graph.nodes.length));
  const atOnce = explain ? Math.max(1, Math.min(explained, predictionLimits.targets)) : predictionLimits.targets;
  const results = [];
  for (let from = 0; from < targets.length; from += atOnce) {
    const body = {
      models: [id],
      targets: targets.slice(from, from + atOnce),
      batchSize: batch,
      confidence,
      ...(budgetMs !== undefined && { budgetMs }),
      ...(explain && { explain }),
    };
    const reply = await client.call('predict', { body });
    if (!('models' in reply)) throw new DomainError('unexpected-reply', 'the service answered of no models');
    results.push(...reply.results);
  }
  return { results };
}

/** Ids with titles of every target of the service. */
async function everyTarget(client: Service): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = await client.call('listTargets', { query: { limit: 200, ...(cursor !== undefined && { cursor }) } });
    for (const { targetId, title } of page.targets) all.set(targetId, title);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

/** @param names ids or parts of what is told of targets; none, or `all`: every one */
function pick(all: ReadonlyMap<string, string>, names: readonly string[]): Map<string, string> {
  if (all.size === 0) throw new DomainError('unknown-target', 'the service has no targets yet');
  if (names.length === 0 || names.includes('all')) return new Map(all);
  const picked = names.flatMap((name) => {
    const title = all.get(name);
    if (title !== undefined) return [[name, title] as const];
    const word = name.toLowerCase();
    const found = [...all].filter((told) => told.some((text) => text.toLowerCase().includes(word)));
    if (found.length > 0) return found;
    const nearest = nearestNames(name, [...all.keys()]).join(', ');
    throw new DomainError('unknown-target', `no target of the service is or contains '${name}'; nearest: ${nearest}`);
  });
  return new Map(picked);
}

function toldOf(
  { model, sources }: Registered,
  result: Answer['results'][number],
  title: string,
  { budgetMs, explain }: Pick<ModelsRequest, 'budgetMs' | 'explain'>,
): ReportedPrediction {
  const [latencyMs, lowMs, highMs] = [result.latencyMs[0]!, result.lowMs[0]!, result.highMs[0]!];
  const { lowering, kinds, places = [], lacksInt8, ...unknown } = result.details[0]!;
  // The service's nodes are those of the canonical graph; the names are of the file's.
  const here = places.map((place) => ({ ...place, nodes: place.nodes.map((node) => sources[node]!) }));
  return {
    file: model.file,
    target: result.target,
    title,
    latencyMs,
    lowMs,
    highMs,
    trust: result.trust[0]!,
    trustReason: result.trustReason[0]!,
    ...(budgetMs !== undefined && { fits: fits(lowMs, highMs, budgetMs) }),
    lowering,
    kinds,
    ...(explain && { places: placesOf(model.graph, here) }),
    ...unknown,
    notes: notesOf({ ...unknown, trust: result.trust[0]!, lacksInt8 }),
  };
}
