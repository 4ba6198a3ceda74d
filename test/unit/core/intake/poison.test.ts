// One device against all others: what it says of its own targets, of another's, and of very many.
import { beforeAll, expect, test } from 'vitest';
import { targetDataSchema } from '#core/dataset/target-data.ts';
import { readJson } from '#core/store/stored-json.ts';
import { observedAdaptationSchema } from '#core/targets/kept-adaptation.ts';
import { adaptationKey, measurementsKey, targetKey } from '#core/targets/keys.ts';
import { type TargetRecord, targetRecordSchema } from '#core/targets/target-record.ts';
import { mostTargetsOfDevice, trainingVerdicts } from '#core/training/snapshot/training-rule.ts';
import { type FieldService, fieldService, profileOf } from '../field-service.ts';
import { deployTiny, measured, type Trained, trainTiny } from '../tiny-service.ts';

let trained: Trained;
beforeAll(async () => {
  trained = await trainTiny(1);
});

const latencies = measured('server', 80).map(({ latencyMs }) => latencyMs);
const latencyOf = (index: number): number => latencies[index]!;

async function accepted(service: FieldService, device: string, profile: ReturnType<typeof profileOf>): Promise<string> {
  const result = await service.send(device, profile);
  if (result.outcome !== 'accepted') throw new Error(JSON.stringify(result));
  return result.upload.accepted!.targetId;
}

async function keptOf({ data }: FieldService, targetId: string) {
  const { version } = trained.predictor.identity;
  return {
    record: (await readJson(data, targetKey(targetId), targetRecordSchema))!.value,
    measurements: (await readJson(data, measurementsKey(targetId), targetDataSchema))!.value,
    adaptation: (await readJson(data, adaptationKey(version, targetId), observedAdaptationSchema))?.value,
  };
}

test.each([
  ['constant', () => 5],
  ['between the ends of what is plausible', (i: number) => (i % 2 === 0 ? 1e-4 : 600_000)],
  ['the slowest for all', () => 600_000],
  ['without any relation to the networks', (i: number) => 1 + ((i * 7919) % 101)],
])('latencies that are %s are kept, adapted and not learned from; no other target changes', async (_, latency) => {
  const service = fieldService();
  await deployTiny(service.data, trained, []);
  const honest = await accepted(service, await service.enrol('honest'), profileOf(latencyOf, { to: 70 }));
  const before = await keptOf(service, honest);
  const hostile = await service.enrol('hostile');
  const own = await accepted(service, hostile, profileOf(latency, { to: 70, model: 'Mine' }));
  const { record, adaptation } = await keptOf(service, own);
  expect(adaptation).toMatchObject({ measurements: 70 });
  expect(adaptation!.expectedError).toBeGreaterThan(0);
  expect(trainingVerdicts([record]).get(own)).toMatchObject({ enters: false });
  expect(await keptOf(service, honest)).toEqual(before);
});

test('a device that claims another’s target is outvoted by two, and marks it where there is one', async () => {
  const service = fieldService();
  await deployTiny(service.data, trained, []);
  const [a, b, hostile] = [await service.enrol('a'), await service.enrol('b'), await service.enrol('hostile')];
  const slower = (factor: number) => profileOf((i) => factor * latencyOf(i));
  const target = await accepted(service, a, slower(1));
  expect(await accepted(service, hostile, slower(10))).toBe(target);
  const disputed = (await keptOf(service, target)).record;
  expect(disputed).toMatchObject({ quality: 'contradictory', devices: [a, hostile] });
  expect(trainingVerdicts([{ ...disputed, measurements: 64 }]).get(target)).toMatchObject({ code: 'contradictory' });
  // Not the same bytes: those would be the same profile.
  const again = slower(1);
  await accepted(service, b, { ...again, context: { ...again.context, kernel: 'b' } });
  const values = (await keptOf(service, target)).adaptation;
  const alone = fieldService();
  await deployTiny(alone.data, trained, []);
  await accepted(alone, await alone.enrol('a'), slower(1));
  const { adaptation: honest } = await keptOf(alone, target);
  // The median of 1, 1 and 10 times a latency: what predictions rest on is what it would be without the third.
  expect(values!.heads).toEqual(honest!.heads);
});

test('of a thousand targets of one device each has an id of its own, and the first 32 may be learned from', async () => {
  const service = fieldService();
  const hostile = await service.enrol('hostile');
  const ids = new Set<string>();
  for (let i = 0; i < 1000; i++) {
    // Names that read alike: the readable part of the ids is the same.
    const model = `Pi ${[...i.toString(2).padStart(10, '0')].map((bit) => (bit === '1' ? 'A' : 'a')).join('')}`;
    ids.add(await accepted(service, hostile, profileOf(latencyOf, { to: 64, model })));
  }
  expect(ids.size).toBe(1000);
  expect(new Set([...ids].map((id) => id.slice(0, -21))).size).toBe(1);
  const records: TargetRecord[] = [];
  for (const id of ids) records.push((await readJson(service.data, targetKey(id), targetRecordSchema))!.value);
  const entering = [...trainingVerdicts(records).values()].filter(({ enters }) => enters);
  expect(entering).toHaveLength(mostTargetsOfDevice);
});
