// How the functions are bundled: all of them by two calls of esbuild and then compiled by one process, as the AWS SDK
// and the domain are in nearly each of them.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import type { FunctionName } from './config.ts';
import { projectRoot } from './project-root.ts';

/** Parts of Vega and of d3 that no chart of the report uses: maps, trees, forces, word clouds, colour schemes,
 * selections. They register themselves when Vega is loaded, so that no bundler may leave them out by itself. */
const unusedInCharts = [
  ...['vega-geo', 'vega-projection', 'd3-geo', 'topojson-client', 'd3-scale-chromatic'],
  ...['vega-force', 'vega-hierarchy', 'vega-voronoi', 'vega-wordcloud', 'vega-label'],
  ...['vega-regression', 'vega-crossfilter', 'vega-selections'],
];

const emptyModule = join(projectRoot, 'infra/empty-module.cjs');

/** What is left out of a bundle, or comes in another form. */
const aliases: Readonly<Record<string, string>> = {
  ...Object.fromEntries(unusedInCharts.map((name) => [name, emptyModule])),
  // Vega's other form of it waits for a package that nobody has, which a bundle of this form cannot.
  'vega-canvas': join(projectRoot, 'node_modules/vega-canvas/build/vega-canvas.browser.js'),
};

/** A bundle is one expression, a function of what a CommonJS module knows: so it can be run from compiled code
 * (bundle/loader.mjs). Whitespace and syntax are where the size is: names stay readable in stack traces. */
export const bundleOptions: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  mainFields: ['module', 'main'],
  banner: { js: '(function(exports, require, module, __filename) {' },
  footer: { js: '})' },
  define: { 'import.meta.url': '__filename' },
  // Everything but what a layer brings.
  external: ['onnxruntime-node', 'onnxruntime-common'],
  alias: aliases,
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: true,
  sourcesContent: false,
  absWorkingDir: projectRoot,
};

/** Functions whose bundles are large: what lowers graphs, what trains, and Vega, which draws the charts of the report.
 * Their source maps have the long names. */
const large: ReadonlySet<string> = new Set<FunctionName>([
  'predict',
  'predictors',
  'search-spaces',
  'ingest',
  'sweep-uploads',
  'withdrawals',
  'training/fit',
  'training/evaluate',
  'training/adapt',
  'training/conclude',
  'training/report',
]);

/** Bundles functions as they are deployed, each into the folder of its name in `folder`.
 * @param entries folder of the entry files, one of each name, relative to the repository
 * @throws Error with esbuild's words when one does not bundle */
export function bundleFunctions(names: readonly string[], entries: string, folder: string): void {
  for (const minifyIdentifiers of [true, false]) {
    const entryPoints = names
      .filter((name) => large.has(name) === minifyIdentifiers)
      .map((name) => ({ in: `./${entries}/${name}.ts`, out: join(name, 'index') }));
    buildSync({ ...bundleOptions, minifyIdentifiers, entryPoints, outdir: folder });
  }
  compileBundles(names.map((name) => join(folder, name)));
}

/** Makes of esbuild's index.js in each folder what is deployed, by a Node whose hashes know no chance. */
export function compileBundles(folders: readonly string[]): void {
  execFileSync(process.execPath, ['--random-seed=1', join(projectRoot, 'infra/bundle/prepare.mjs'), ...folders]);
}
