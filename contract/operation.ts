// What a route takes and gives, beside its line in routes.ts: schemas, status, refusals, words for the document. The
// compiler sees an operation that is missing, one too many, and path parameters without a schema.
import type { z } from 'zod';
import type { JsonLimits } from '#core/intake/bounded-json.ts';
import type { RefusalCode } from './refusals.ts';
import { type ApiFunctionName, type RouteId, type RouteIdOf, type Routes, routes } from './routes.ts';

export interface RequestBodyLimits extends JsonLimits {
  /** After decoding. */
  readonly bytes: number;
}

/** Enough for a body that is one object of a few settings. */
export const smallBody: RequestBodyLimits = {
  bytes: 65_536,
  depth: 4,
  containers: 32,
  strings: 256,
  entries: 256,
  members: 32,
  scalars: 64,
};

export interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly tag: 'predictions' | 'catalogue' | 'field' | 'training' | 'service';
  readonly path?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** What a body may hold, where it is more than `smallBody`: checked before anything is built of it. */
  readonly bodyLimits?: RequestBodyLimits;
  /** Takes the header Idempotency-Key. */
  readonly idempotent?: true;
  readonly reply: z.ZodType;
  /** Media type of the reply. Default `application/json`. */
  readonly media?: 'text/html';
  /** Default 200. */
  readonly status?: 201;
  /** In the document. Default `Done.` */
  readonly done?: string;
  /** A second status for the same reply. */
  readonly otherwise?: {
    readonly status: 503;
    readonly description: string;
    readonly when: (reply: unknown) => boolean;
  };
  /** Refusals of its own, as stable codes. Those that follow from access and form are added by `refusalsOf`. */
  readonly refusals: readonly RefusalCode[];
}

type ParameterOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterOf<Rest>
  : never;

/** Every parameter of the path has a schema, and a path without parameters has none. */
type PathOf<Id extends RouteId> = [ParameterOf<Routes[Id]['path']>] extends [never]
  ? { readonly path?: never }
  : { readonly path: z.ZodObject<Readonly<Record<ParameterOf<Routes[Id]['path']>, z.ZodType>>> };

/** The operations of a function: each of its routes, and no other. */
export type OperationsOf<Name extends ApiFunctionName> = {
  readonly [Id in RouteIdOf<Name>]: Operation & PathOf<Id>;
};

/** Every refusal that a caller may meet, in the service's own words: 500 aside. */
export function refusalsOf(id: RouteId, { path, query, body, idempotent, refusals }: Operation): RefusalCode[] {
  const all: RefusalCode[] = [...refusals];
  if (routes[id].access !== 'public') all.push('unauthorized', 'forbidden');
  if (path || query || body || idempotent) all.push('invalid-request');
  if (body) all.push('body-too-large', 'unsupported-encoding');
  return [...new Set(all)];
}
