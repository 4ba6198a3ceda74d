// Stands in for packages that a bundle leaves out (bundling.ts). CommonJS: what is imported of it by name is undefined,
// but for the palettes, which Vega puts into its registry as it is loaded.
const palettes = [
  'Accent',
  'Category10',
  'Dark2',
  'Observable10',
  'Paired',
  'Pastel1',
  'Pastel2',
  'Set1',
  'Set2',
  'Set3',
];
module.exports = Object.fromEntries(palettes.map((name) => [`scheme${name}`, []]));
