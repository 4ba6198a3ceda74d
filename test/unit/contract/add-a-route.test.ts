// What the compiler says to whoever adds a route and forgets a step of CONTRIBUTING's recipe: every line below is one that
// must not compile. The steps that it cannot see are looked at by test/infra/routes.test.ts and openapi.test.ts.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { deviceOperations } from '#contract/devices.ts';
import type { OperationsOf } from '#contract/operation.ts';
import { type Route, routes } from '#contract/routes.ts';
import type { targetOperations } from '#contract/targets.ts';
import type { Handlers } from '#functions/shared/http-handler.ts';

const { listDevices, enrolDevice, revokeDevice } = deviceOperations;
const page = { targets: [], nextCursor: null };

test('a step that is forgotten does not compile', () => {
  const steps = () => [
    // @ts-expect-error: nobody is said to have access
    { method: 'GET', path: '/v1/x', function: 'targets' } satisfies Route,
    // @ts-expect-error: a path begins with a slash
    { method: 'GET', path: 'v1/x', access: 'public', function: 'targets' } satisfies Route,
    // @ts-expect-error: a route of the function has no operation
    { listDevices, enrolDevice } satisfies OperationsOf<'devices'>,
    // @ts-expect-error: an operation has no route
    { listDevices, enrolDevice, revokeDevice, renameDevice: listDevices } satisfies OperationsOf<'devices'>,
    // @ts-expect-error: a parameter of the path has no schema
    { listDevices, enrolDevice, revokeDevice: listDevices } satisfies OperationsOf<'devices'>,
    {
      listDevices,
      enrolDevice,
      // @ts-expect-error: a parameter of the path has another name
      revokeDevice: { ...revokeDevice, path: z.strictObject({ device: z.string() }) },
    } satisfies OperationsOf<'devices'>,
    // @ts-expect-error: an operation has no handler
    { listTargets: async () => page } satisfies Handlers<typeof targetOperations>,
    {
      // @ts-expect-error: a reply is not of the contract
      listTargets: async () => ({ targets: [] }),
      showTarget: () => Promise.reject(new Error()),
    } satisfies Handlers<typeof targetOperations>,
  ];
  expect(steps).toBeTypeOf('function');
  expect(routes.listTargets.function).toBe('targets');
});
