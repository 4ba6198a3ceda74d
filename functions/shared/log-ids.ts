// The ids that join the lines of the logs: what a request, an upload or a step of training is about, under one name
// wherever it comes from. Of a token its id alone, which is no secret.
import { type RouteId, routes } from '#contract/routes.ts';

/** Names as they stand in every line. */
export type LogIds = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** A target's id; any other text that a caller sends as one is not logged. */
const targetId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** Targets of one request that are named in its line. */
const namedTargets = 20;

/** What a path's parameter is, by the noun before it. */
const idsOfNouns: Readonly<Record<string, string>> = {
  targets: 'targetId',
  devices: 'deviceId',
  tokens: 'namedTokenId',
  uploads: 'uploadId',
  'training-runs': 'runId',
  predictors: 'predictorVersion',
};

/** The ids in a request's path: `/v1/uploads/{id}` has an `uploadId`. */
export function idsOfPath(id: RouteId, parameters: Readonly<Record<string, string | undefined>> = {}): LogIds {
  const [, , noun = '', parameter = ''] = routes[id].path.split('/');
  const name = idsOfNouns[noun];
  const value = parameters[parameter.slice(1, -1)];
  return name === undefined || value === undefined || !targetId.test(value) ? {} : { [name]: value };
}

/** The targets that a request's body names. */
export function idsOfBody(body: unknown): LogIds {
  const { target, targets } = (body ?? {}) as { readonly target?: unknown; readonly targets?: unknown };
  if (isTargetId(target)) return { targetId: target };
  return Array.isArray(targets) ? { targetIds: targets.filter(isTargetId).slice(0, namedTargets) } : {};
}

/** The ids of what a reply tells of: an upload that was registered, a device that was enrolled, a run that began. */
export function idsOfReply(reply: unknown): LogIds {
  const { uploadId, device, run } = (reply ?? {}) as Readonly<Record<string, unknown>>;
  const { deviceId } = (device ?? {}) as Readonly<Record<string, unknown>>;
  const { runId } = (run ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...(typeof uploadId === 'string' && { uploadId }),
    ...(typeof deviceId === 'string' && { deviceId }),
    ...(typeof runId === 'string' && { runId }),
  };
}

function isTargetId(value: unknown): value is string {
  return typeof value === 'string' && targetId.test(value);
}

/** The ids of a step of training, from its task's input: run, fit, fold, and the target after which a batch begins. */
export function idsOfStep(input: unknown): LogIds {
  const { runId, fitId, fold, batch } = (input ?? {}) as Readonly<Record<string, unknown>>;
  const { after } = (batch ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...(typeof runId === 'string' && { runId }),
    ...(typeof fitId === 'string' && { fitId }),
    ...(typeof fold === 'number' && { fold }),
    ...(typeof after === 'string' && { afterTargetId: after }),
  };
}
