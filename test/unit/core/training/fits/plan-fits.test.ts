// When a run has nothing new to decide.
import { expect, it } from 'vitest';
import { settingsId } from '#core/training/fits/plan-fits.ts';
import { runSettingsSchema } from '#core/training/runs/run-settings.ts';

it('is new with other settings, and with another encoder of the architectures', () => {
  const settings = runSettingsSchema.parse({});
  const id = settingsId('nasbench201', settings);
  expect(settingsId('nasbench201', { ...settings })).toBe(id);
  expect(settingsId('nasbench201', { ...settings, steps: 801 })).not.toBe(id);
  // Each search space has features of its own, as a code upgrade may bring.
  expect(settingsId('fbnet', settings)).not.toBe(id);
});
