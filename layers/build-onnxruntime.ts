// Builds the onnxruntime layer from node_modules: onnxruntime-node carries every platform (288 MB), a layer needs one.
// The result depends on the installed packages only; the same packages give the same bytes. As a command:
// `node layers/build-onnxruntime.ts [platform]`, linux-arm64 when none is named.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface LayerReport {
  /** The content of /opt; modules are in nodejs/node_modules. */
  readonly folder: string;
  readonly platform: string;
  readonly sizeBytes: number;
  /** Over names and contents. */
  readonly sha256: string;
}

/** What Lambda runs: the layer of the cloud. */
export const cloudPlatform = 'linux-arm64';

/** What this machine runs: the layer of the embedded stack. */
export const hostPlatform = `${process.platform}-${process.arch}`;

/** Unzipped bytes allowed. Lambda's own limit for a function and its layers together is 262,144,000. */
const budgetBytes = (platform: string): number => (platform === cloudPlatform ? 40_000_000 : 130_000_000);

const require = createRequire(import.meta.url);
const packageFolder = (name: string, from: NodeJS.Require = require): string => {
  // onnxruntime-common exports no package.json: walk up from its main file.
  let folder = dirname(from.resolve(name));
  while (!existsSync(join(folder, 'package.json')) || packageName(folder) !== name) folder = dirname(folder);
  return folder;
};
const packageName = (folder: string): string | undefined =>
  (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }).name;

/** Everything under a folder, as relative paths with `/`, sorted. */
function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Source file → path in the layer. Scripts, types, source maps and other platforms stay behind. */
function plan(platform: string): Map<string, string> {
  const node = packageFolder('onnxruntime-node');
  const common = packageFolder('onnxruntime-common', createRequire(join(node, 'package.json')));
  const [os, arch] = platform.split('-');
  const binaries = `bin/napi-v6/${os}/${arch}/`;
  const nodeFiles = filesUnder(node).filter(
    (file) =>
      file === 'package.json' || (file.startsWith('dist/') && file.endsWith('.js')) || file.startsWith(binaries),
  );
  if (!nodeFiles.some((file) => file.endsWith('.node'))) {
    const known = filesUnder(node).filter((file) => file.endsWith('.node'));
    const platforms = known.map((file) => file.split('/').slice(2, 4).join('-'));
    throw new Error(`onnxruntime-node has no binary for '${platform}'; it has: ${platforms.join(', ')}`);
  }
  const commonFiles = filesUnder(common).filter(
    (file) =>
      file === 'package.json' ||
      (file.startsWith('dist/cjs/') && (file.endsWith('.js') || file.endsWith('/package.json'))),
  );
  return new Map([
    ...nodeFiles.map((file) => [join(node, file), `nodejs/node_modules/onnxruntime-node/${file}`] as const),
    ...commonFiles.map((file) => [join(common, file), `nodejs/node_modules/onnxruntime-common/${file}`] as const),
  ]);
}

/**
 * Builds the layer under `{into}/{platform}` unless what is there was built from the same packages.
 * @throws Error when the packages lack the platform, or the layer is over its budget.
 */
export function buildOnnxruntimeLayer(
  platform: string = cloudPlatform,
  into: string = fileURLToPath(new URL('../.build/layers/onnxruntime', import.meta.url)),
  budget: number = budgetBytes(platform),
): LayerReport {
  const folder = join(into, platform);
  const stamp = join(into, `${platform}.json`);
  const files = plan(platform);
  // Names, sizes and the packages' own manifests (with their versions) say whether the inputs changed.
  const inputs = createHash('sha256');
  for (const [from, to] of files) {
    inputs.update(`${to}\0${statSync(from).size}\0`);
    if (to.endsWith('package.json')) inputs.update(readFileSync(from));
  }
  const inputsSha256 = inputs.digest('hex');
  if (existsSync(stamp) && existsSync(folder)) {
    const built = JSON.parse(readFileSync(stamp, 'utf8')) as LayerReport & { inputsSha256: string };
    if (built.inputsSha256 === inputsSha256) {
      return { folder, platform, sizeBytes: built.sizeBytes, sha256: built.sha256 };
    }
  }

  const scratch = join(into, `.${platform}.${process.pid}`);
  rmSync(scratch, { recursive: true, force: true });
  const content = createHash('sha256');
  let sizeBytes = 0;
  for (const [from, to] of files) {
    const target = join(scratch, to);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(from, target, { dereference: true });
    const bytes = readFileSync(target);
    sizeBytes += bytes.length;
    content.update(`${to}\0${bytes.length}\0`).update(bytes);
  }
  if (sizeBytes > budget) {
    rmSync(scratch, { recursive: true, force: true });
    throw new Error(`the onnxruntime layer for ${platform} is ${sizeBytes} bytes; its budget is ${budget}`);
  }
  const sha256 = content.digest('hex');
  rmSync(folder, { recursive: true, force: true });
  renameSync(scratch, folder);
  writeFileSync(stamp, `${JSON.stringify({ inputsSha256, platform, sizeBytes, sha256 }, null, 2)}\n`);
  return { folder, platform, sizeBytes, sha256 };
}

if (import.meta.main) {
  const report = buildOnnxruntimeLayer(process.argv[2]);
  console.log(`${report.folder}: ${(report.sizeBytes / 1e6).toFixed(1)} MB, sha256 ${report.sha256}`);
}
