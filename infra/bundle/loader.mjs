// The index.mjs of every function (prepare.mjs puts it there): runs function.js from the code that V8 compiled when the
// app was synthesised. V8 looks whether it was the same V8, with the same flags, and else compiles anew. Plain
// JavaScript and few imports: what stands here is read at each cold start.
import { readFileSync } from 'node:fs';
import { createRequire, SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { constants, Script } from 'node:vm';

const filename = fileURLToPath(new URL('function.js', import.meta.url));

let map;

/** Where a place of function.js stands in the sources. The map is read when the first stack is printed. */
function original(place, line, column) {
  map ??= new SourceMap(JSON.parse(readFileSync(`${filename}.map`, 'utf8')));
  const { originalSource, originalLine, originalColumn } = map.findEntry(line - 1, column - 1);
  return originalSource === undefined ? place : `${originalSource}:${originalLine + 1}:${originalColumn + 1}`;
}

const places = new RegExp(`${RegExp.escape(filename)}:(\\d+):(\\d+)`, 'g');

// In the place of --enable-source-maps, which reads every map when its code is loaded, and knows nothing of scripts.
Error.prepareStackTrace = (error, sites) =>
  [Error.prototype.toString.call(error), ...sites.map((site) => `    at ${site}`.replace(places, original))].join('\n');

const script = new Script(readFileSync(filename, 'utf8'), {
  filename,
  cachedData: readFileSync(`${filename}.cache`),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(filename), module, filename);

export const { handler } = module.exports;
