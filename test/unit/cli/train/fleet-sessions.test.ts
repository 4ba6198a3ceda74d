// Sessions of the fleet as a fit takes them.
import { expect, test } from 'vitest';
import { countedSessions, fleetSessions } from '#cli/train/fleet-sessions.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { kernelTable } from '#core/predictor/kernels/kernel-table.ts';

test('a network that several sessions have measured is one row; each target has its own latencies', () => {
  const sessions = fleetSessions(kernelTable(), defaultLowerings);
  const { networks, families, targets } = countedSessions();
  expect(sessions.map(({ name }) => name)).toEqual(['onnxruntime-all-t1', 'onnxruntime-disabled-t1', 'openvino-t1']);
  expect(new Set(sessions.flatMap((own) => own.networks.map(({ key }) => key))).size).toBe(networks.length);
  expect(networks.length).toBe(130);
  expect(families.filter((family) => family === 'nasbench201')).toHaveLength(50);
  expect(families).toContain('bert_mini_64');
  for (const rows of networks) expect(rows).toHaveLength(defaultLowerings.length);
  expect(targets.map(({ id }) => id.replace(/-[0-9a-f]{20}$/, ''))).toEqual([
    'amd-epyc-onnxruntime-cpu-t1-fp32',
    'amd-epyc-onnxruntime-cpu-t1-fp32',
    'amd-epyc-openvino-cpu-t1-fp32',
  ]);
  expect(new Set(targets.map(({ id }) => id)).size).toBe(3);
  const measured = targets.map(({ latencyMs }) => latencyMs.filter((ms) => ms > 0).length);
  expect(measured).toEqual(sessions.map((own) => own.networks.length));
  // Without optimisations the same networks take longer.
  const slower = networks.filter((_, i) => targets[1]!.latencyMs[i]! > targets[0]!.latencyMs[i]!).length;
  expect(slower).toBeGreaterThan(0.9 * networks.length);
});

test('the targets of a program are left out', () => {
  const { targets, networks } = countedSessions('onnxruntime');
  expect(targets.map(({ id }) => id.slice(0, 17))).toEqual(['amd-epyc-openvino']);
  expect(networks).toHaveLength(130);
});
