import { defineConfig } from 'vitest/config';
import { quietEnvironment } from './core/onnx/quiet-environment.ts';

// Two forks for two cores. Tests that start processes or train state their own longer limits.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Real processes may be held up on a busy machine for longer than a test waits. The report names what ran twice.
    retry: 1,
    expect: { poll: { timeout: 15_000 } },
    env: quietEnvironment,
  },
});
