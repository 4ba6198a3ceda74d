// CORS as an HTTP API does it once it is configured: preflights are answered by the API itself, and its headers are put
// on every other answer.
import type { CorsPlan } from '../template/plan-api.ts';
import type { ApiRequest } from './proxy-event.ts';

export interface CorsAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** The request is a preflight: the API answers it, no function does. */
  readonly preflight: boolean;
}

/** The headers that a browser wants to see, none for an origin that is not allowed; and whether it only asked. */
export function corsHeaders(plan: CorsPlan, request: ApiRequest): CorsAnswer {
  const origin = request.headers['origin'];
  const preflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  const allowed = origin !== undefined && plan.allowOrigins.some((each) => each === '*' || each === origin);
  if (!allowed) return { headers: {}, preflight };
  const headers: Record<string, string> = {
    'access-control-allow-origin': plan.allowOrigins.includes('*') ? '*' : origin,
    vary: 'origin',
  };
  if (plan.allowCredentials) headers['access-control-allow-credentials'] = 'true';
  if (plan.exposeHeaders.length > 0) headers['access-control-expose-headers'] = plan.exposeHeaders.join(',');
  if (preflight) {
    headers['access-control-allow-methods'] = plan.allowMethods.join(',');
    headers['access-control-allow-headers'] = plan.allowHeaders.join(',');
    if (plan.maxAgeS !== undefined) headers['access-control-max-age'] = String(plan.maxAgeS);
  }
  return { headers, preflight };
}
