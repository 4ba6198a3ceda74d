// The id of a target: readable parts of its content and a digest of all of it. The same content gives the same id on
// every machine; different content gives a different one. What is run on the target is no part of it.
import { createHash } from 'node:crypto';
import { canonicalJson } from '#core/text/canonical-json.ts';
import { slug } from '#core/text/slug.ts';
import type { ProfileTarget } from './profile-target.ts';

export const targetIdPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Longest id; the readable part is cut, the digest never. */
export const targetIdMaxLength = 96;

/** Hexadecimal digits: 80 bits. Of a million targets two share them with a probability of 4e-13. */
const digestLength = 20;

/** Such as `raspberry-pi-5-onnxruntime-cpu-t4-fp32-1f0c9e2a7b44d1c09e55`. */
export function targetId(target: ProfileTarget): string {
  const { hardware, runtime, precision } = target;
  const threads = runtime.settings['threads'];
  const parts = [
    hardware.model,
    hardware.accelerator === 'none' ? null : hardware.accelerator,
    runtime.name,
    runtime.executionProvider,
    typeof threads === 'number' ? `t${threads}` : null,
    precision,
  ];
  const readable = parts
    .map((part) => (part === null ? '' : slug(part)))
    .filter((part) => part !== '')
    .join('-')
    .slice(0, targetIdMaxLength - digestLength - 1)
    .replace(/-$/, '');
  // A name without a letter or digit of ASCII leaves nothing to read.
  return `${readable || 'target'}-${targetDigest(target).slice(0, digestLength)}`;
}

/** SHA-256 of the target's canonical JSON, hex. Two targets are the same when these are equal. */
export function targetDigest(target: ProfileTarget): string {
  return createHash('sha256').update(canonicalJson(target)).digest('hex');
}
