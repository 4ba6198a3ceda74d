// Keeps the functions deployable: Lambda refuses a function whose code and layers together are too large, and does so
// only at the end of a deployment.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StackError } from '#stack/stack-error.ts';
import { planStack } from '#stack/template/plan.ts';

/** Unzipped bytes of a function and its layers: Lambda's limit. */
export const packageLimitBytes = 262_144_000;

/**
 * @param folder a cdk.out
 * @throws StackError naming the functions over the limit, with their sizes
 */
export function checkPackageSizes(folder: string, limitBytes: number = packageLimitBytes): void {
  const { functions } = planStack(folder, { region: 'us-east-1', accountId: '000000000000' });
  const over = functions
    .map(({ key, codeFolder, layers }) => ({
      key,
      sizeBytes: [codeFolder, ...layers.map((layer) => layer.folder)].reduce((sum, each) => sum + sizeOf(each), 0),
    }))
    .filter(({ sizeBytes }) => sizeBytes >= limitBytes)
    .map(({ key, sizeBytes }) => `${key} has ${sizeBytes}`);
  if (over.length > 0) throw new StackError(`over Lambda's limit of ${limitBytes} bytes, unzipped: ${over.join(', ')}`);
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
