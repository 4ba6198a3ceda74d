// Builds the device agent: one bundled file and the package around it, ready for `npm pack`.
// Usage: node scripts/build-agent.ts [FOLDER], default .build/agent
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Runtimes are not bundled: they are native or large, and a device has the one it needs. */
const runtimes = ['onnxruntime-node', 'onnxruntime-web'];

export async function buildAgent(folder: string): Promise<string> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  mkdirSync(folder, { recursive: true });
  const bundle = join(folder, 'sugarbush-agent.mjs');
  await build({
    entryPoints: [join(root, 'agent', 'main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.10',
    external: runtimes,
    // What is CommonJS in it (the parser of the command line) asks for built-in modules with require.
    banner: {
      js: `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`,
    },
    legalComments: 'inline',
    define: { SUGARBUSH_AGENT_VERSION: JSON.stringify(manifest.version) },
    logLevel: 'warning',
  });
  const { version, license } = manifest;
  const agentPackage = {
    name: 'sugarbush-agent',
    version,
    license,
    description: 'Measures how long neural networks take on this device and tells a Sugarbush service',
    type: 'module',
    engines: { node: '>=20.10' },
    os: ['linux'],
    cpu: ['x64', 'arm64'],
    bin: { 'sugarbush-agent': 'check-system.cjs' },
    optionalDependencies: { 'onnxruntime-node': manifest.dependencies['onnxruntime-node'] },
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(agentPackage, null, 2)}\n`);
  copyFileSync(join(root, 'agent', 'check-system.cjs'), join(folder, 'check-system.cjs'));
  chmodSync(join(folder, 'check-system.cjs'), 0o755);
  // Node before 13 cannot even read import(): a file of its own, which only newer ones are given.
  writeFileSync(join(folder, 'start.cjs'), "'use strict';\nimport('./sugarbush-agent.mjs');\n");
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  copyFileSync(join(root, 'agent', 'sugarbush-agent.service'), join(folder, 'sugarbush-agent.service'));
  const helpers = join(root, 'agent', 'helpers');
  mkdirSync(join(folder, 'helpers'), { recursive: true });
  for (const name of readdirSync(helpers).filter((name) => name.endsWith('.py'))) {
    copyFileSync(join(helpers, name), join(folder, 'helpers', name));
  }
  return bundle;
}

if (import.meta.main) process.stdout.write(`${await buildAgent(process.argv[2] ?? join(root, '.build', 'agent'))}\n`);
