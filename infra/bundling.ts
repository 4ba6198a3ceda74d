// How the functions are bundled, beyond what CDK asks of esbuild: as its arguments, so that a test bundles the same
// way.
import { projectRoot } from './project-root.ts';

/** Parts of Vega and of d3 that no chart of the report uses: maps, trees, forces, word clouds, colour schemes,
 * selections. They
 * register themselves when Vega is loaded, so that no bundler may leave them out by itself. */
const unusedInCharts = [
  ...['vega-geo', 'vega-projection', 'd3-geo', 'topojson-client', 'd3-scale-chromatic'],
  ...['vega-force', 'vega-hierarchy', 'vega-voronoi', 'vega-wordcloud', 'vega-label'],
  ...['vega-regression', 'vega-crossfilter', 'vega-selections'],
];

/** A bundle is one expression, a function of what a CommonJS module knows: so it can be run from compiled code
 * (bundle/loader.mjs). */
export const moduleFunction = {
  banner: '(function(exports, require, module, __filename) {',
  footer: '})',
  define: { 'import.meta.url': '__filename' },
} as const;

/** Commands that make of a bundle in `folder` what is deployed. */
export const prepareBundle = (folder: string): string[] => [
  `"${process.execPath}" --random-seed=1 "${projectRoot}/infra/bundle/prepare.mjs" "${folder}"`,
];

const emptyModule = `${projectRoot}/infra/empty-module.cjs`;

/** Arguments of the esbuild command line for a bundle whose function names stay readable in stack traces. Whitespace
 * and syntax are where the size is. */
export const esbuildArgs: Readonly<Record<string, string | boolean>> = {
  '--minify-whitespace': true,
  '--minify-syntax': true,
  ...Object.fromEntries(unusedInCharts.map((name) => [`--alias:${name}`, emptyModule])),
  // Vega's other form of it waits for a package that nobody has, which a bundle of this form cannot.
  '--alias:vega-canvas': `${projectRoot}/node_modules/vega-canvas/build/vega-canvas.browser.js`,
};

/** The same for a bundle in which the names of a large library would count. */
export const esbuildArgsWithShortNames: Readonly<Record<string, string | boolean>> = {
  ...esbuildArgs,
  '--minify-identifiers': true,
};
