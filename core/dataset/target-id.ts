// The id of a target: readable parts of its content and a digest of all of it. The same content gives the same id on
// every machine and in every version of schema 1; different content gives a different one.
import { createHash } from 'node:crypto';
import { canonicalJson } from '#core/text/canonical-json.ts';
import { slug } from '#core/text/slug.ts';
import type { ProfileTarget } from './profile.ts';

export const targetIdPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Longest id; the readable part is cut, the digest never. */
export const targetIdMaxLength = 96;

const digestLength = 10;

/** Such as `raspberry-pi-5-onnxruntime-cpu-t4-b1-fp32-1f0c9e2a7b`. */
export function targetId(target: ProfileTarget): string {
  const { hardware, runtime, workload } = target;
  const threads = runtime.settings['threads'];
  const parts = [
    hardware.model,
    hardware.accelerator === 'none' ? null : hardware.accelerator,
    runtime.name,
    runtime.executionProvider,
    typeof threads === 'number' ? `t${threads}` : null,
    `b${workload.batchSize}`,
    workload.precision,
  ];
  const readable = parts
    .map((part) => (part === null ? '' : slug(part)))
    .filter((part) => part !== '')
    .join('-')
    .slice(0, targetIdMaxLength - digestLength - 1)
    .replace(/-$/, '');
  return `${readable}-${targetDigest(target).slice(0, digestLength)}`;
}

/** SHA-256 of the target's canonical JSON, hex. Two targets are the same when these are equal. */
export function targetDigest(target: ProfileTarget): string {
  return createHash('sha256').update(canonicalJson(target)).digest('hex');
}
