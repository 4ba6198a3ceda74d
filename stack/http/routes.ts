// Which route of an HTTP API answers a request: the most specific one, a named method before ANY, `$default` last.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html

export interface ParsedRoute<Route> {
  readonly route: Route;
  /** Undefined: every method. */
  readonly method: string | undefined;
  readonly segments: readonly Segment[];
}

type Segment =
  | { readonly kind: 'static'; readonly text: string }
  | { readonly kind: 'one' | 'rest'; readonly name: string };

export interface RouteMatch<Route> {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** Finds routes by method and path. `key` is the template's route key. */
export class Router<Route extends { readonly key: string }> {
  readonly #routes: readonly ParsedRoute<Route>[];
  readonly #fallback: Route | undefined;

  constructor(routes: readonly Route[]) {
    this.#fallback = routes.find(({ key }) => key === '$default');
    this.#routes = routes
      .filter(({ key }) => key !== '$default')
      .map(parse)
      .sort(bySpecificity);
  }

  /** @param path decoded, without the query */
  match(method: string, path: string): RouteMatch<Route> | undefined {
    const parts = path.split('/').slice(1);
    for (const { route, method: wanted, segments } of this.#routes) {
      if (wanted !== undefined && wanted !== method) continue;
      const pathParameters = bind(segments, parts);
      if (pathParameters) return { route, pathParameters };
    }
    return this.#fallback && { route: this.#fallback, pathParameters: {} };
  }
}

function parse<Route extends { readonly key: string }>(route: Route): ParsedRoute<Route> {
  const [method, path] = route.key.split(' ') as [string, string];
  const segments = path
    .split('/')
    .slice(1)
    .map((text): Segment => {
      const [, name, plus] = /^\{([^}+]+)(\+?)\}$/.exec(text) ?? [];
      if (name === undefined) return { kind: 'static', text };
      return { kind: plus ? 'rest' : 'one', name };
    });
  return { route, method: method === 'ANY' ? undefined : method, segments };
}

function bind(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  const bound: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    const part = parts[at];
    if (part === undefined) return undefined;
    if (segment.kind === 'rest') {
      bound[segment.name] = parts.slice(at).join('/');
      return bound;
    }
    if (segment.kind === 'static') {
      if (segment.text !== part) return undefined;
    } else {
      if (part === '') return undefined;
      bound[segment.name] = part;
    }
  }
  return parts.length === segments.length ? bound : undefined;
}

const rank = { static: 0, one: 1, rest: 2 } as const;

/** Static before variable before greedy, from the left; then a named method before ANY. */
function bySpecificity<Route>(a: ParsedRoute<Route>, b: ParsedRoute<Route>): number {
  for (let at = 0; at < Math.max(a.segments.length, b.segments.length); at++) {
    const [left, right] = [a.segments[at], b.segments[at]];
    // Only greedy routes differ in length on one path: the longer one says more.
    if (!left || !right) return left ? -1 : 1;
    if (rank[left.kind] !== rank[right.kind]) return rank[left.kind] - rank[right.kind];
  }
  return Number(a.method === undefined) - Number(b.method === undefined);
}
