// When a run has nothing new to decide.
import { expect, it } from 'vitest';
import { settingsId } from '#core/training/fits/plan-fits.ts';
import { runSettingsSchema } from '#core/training/runs/run-settings.ts';

it('is new with other settings', () => {
  const settings = runSettingsSchema.parse({});
  const id = settingsId(settings);
  expect(settingsId({ ...settings })).toBe(id);
  expect(settingsId({ ...settings, steps: settings.steps + 1 })).not.toBe(id);
});
