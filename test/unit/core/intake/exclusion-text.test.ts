import { expect, test } from 'vitest';
import { exclusionText } from '#core/intake/exclusion-text.ts';

test('each reason once, with its count and its first message, most frequent first', () => {
  const unstable = (message: string) => ({ code: 'measurement-unstable', message });
  const excluded = [{ code: 'model-duplicate', message: 'as 0' }, unstable('spread 30 %'), unstable('spread 40 %')];
  expect(exclusionText(excluded)).toBe(
    '2 as measurement-unstable (the first: spread 30 %), 1 as model-duplicate (the first: as 0)',
  );
  expect(exclusionText([])).toBe('');
});
