// When a run has nothing new to decide, and what a fit is found by.
import { expect, it } from 'vitest';
import { settingsId } from '#core/training/fits/plan-fits.ts';
import { type FitSpec, fitIdOf } from '#core/training/fits/specification.ts';
import { runSettingsSchema } from '#core/training/runs/run-settings.ts';
import { mapStore } from '../../map-store.ts';
import { contextOf, drive, storeDataset } from '../tiny-training.ts';

it('is new with other settings', () => {
  const settings = runSettingsSchema.parse({});
  const id = settingsId(settings);
  expect(settingsId({ ...settings })).toBe(id);
  expect(settingsId({ ...settings, steps: settings.steps + 1 })).not.toBe(id);
});

it('has fits of its own on another kind of processor, and says which', async () => {
  const store = mapStore();
  await storeDataset(store);
  const plannedOn = async (processor: string): Promise<FitSpec[]> => {
    const before = new Set(store.objects.keys());
    await drive(contextOf(store), {
      idempotencyKey: processor,
      processor,
      before: (step) => {
        if (step === 'fit') throw new Error('planned');
      },
    });
    return [...store.objects.entries()]
      .filter(([key]) => key.endsWith('/spec.json') && !before.has(key))
      .map(([key, body]) => {
        const spec = JSON.parse(new TextDecoder().decode(body)) as FitSpec;
        expect(key).toBe(`fits/${fitIdOf(spec)}/spec.json`);
        return spec;
      });
  };
  // One fit of everything, and one a fold.
  const here = await plannedOn('x64');
  expect(here.map(({ processor }) => processor)).toEqual(['x64', 'x64', 'x64']);
  const there = await plannedOn('arm64');
  const withoutKind = (specs: readonly FitSpec[]) => specs.map(({ processor: _, ...rest }) => rest);
  expect(there.map(({ processor }) => processor)).toEqual(['arm64', 'arm64', 'arm64']);
  expect(withoutKind(there).map(fitIdOf).toSorted()).toEqual(withoutKind(here).map(fitIdOf).toSorted());
});
