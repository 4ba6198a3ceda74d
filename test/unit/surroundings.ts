// Finds in core's sources what must come as an argument or belongs to whoever serves it: process, clock, timers,
// randomness, and the words of HTTP.
import { withoutComments } from './source-imports.ts';

const headerNames = [
  'accept',
  'authorization',
  'cache-control',
  'content-\\w+',
  'cookie',
  'etag',
  'idempotency-key',
  'if-[a-z-]+',
  'location',
  'retry-after',
  'user-agent',
  'www-authenticate',
  'x-[a-z-]+',
].join('|');

const forbidden: readonly (readonly [RegExp, string])[] = [
  [/(?<![.\w])process\.\w/g, 'a process'],
  [/\bDate\.now\b|\bnew Date\(\s*\)|(?<!new |[.\w])Date\(|\bperformance\.|\bhrtime\b/g, 'a clock'],
  [/\b(?:setTimeout|setInterval|setImmediate)\b|node:timers/g, 'a timer'],
  [/\bMath\.random\b|\bcrypto\.(?:random|getRandom)\w+/g, 'randomness'],
  // Hashing and comparing are what core may do with node:crypto.
  [
    /^import\s(?!(?:type\s)?\{\s*(?:(?:createHash|timingSafeEqual|type \w+)\s*,?\s*)+\}\s*from)[^'"]*\sfrom 'node:crypto'/gm,
    'randomness',
  ],
  [new RegExp(`['"\`/](?:${headerNames})['"\`]`, 'gi'), 'a header'],
  [/['"`](?:https?:\/\/|\/v\d\/)|\bnew URL\(|(?<![.\w])fetch\(/g, 'a URL'],
  [/\bstatus(?:Code)?\b['"]?\s*(?::|[!=]==?|[<>]=?)\s*[1-5]\d\d\b/g, 'an HTTP status'],
];

/** @returns `FILE:LINE has a clock` and so on, one for each place, in the order of the lines */
export function surroundingsIn(file: string, source: string): string[] {
  const code = withoutComments(source).replace(/(?<=[;{,)\s])\/\/ .*$/gm, '');
  return forbidden
    .flatMap(([pattern, what]) =>
      Array.from(code.matchAll(pattern), ({ index }) => ({ line: code.slice(0, index).split('\n').length, what })),
    )
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, what }) => `${file}:${line} has ${what}`);
}
