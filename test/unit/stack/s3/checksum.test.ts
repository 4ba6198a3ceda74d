// The catalogue's check values over "123456789" (reveng.sourceforge.io), and the SDK's own implementations.

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ChecksumAlgorithm, startChecksum } from '#stack/s3/checksum.ts';

function digest(algorithm: ChecksumAlgorithm, ...pieces: Uint8Array[]): string {
  const hash = startChecksum(algorithm);
  for (const piece of pieces) hash.update(piece);
  return hash.digest().toString('hex');
}

describe('checksums', () => {
  it.each([
    ['crc32', 'cbf43926'],
    ['sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ] as const)('%s of the check string', (algorithm, expected) => {
    expect(digest(algorithm, Buffer.from('123456789'))).toBe(expected);
  });

  it.each(['crc32', 'sha256'] as const)('%s does not depend on how bytes are split', (algorithm) => {
    const bytes = randomBytes(1000);
    expect(
      digest(algorithm, bytes.subarray(0, 1), bytes.subarray(1, 1), bytes.subarray(1, 700), bytes.subarray(700)),
    ).toBe(digest(algorithm, bytes));
  });
});
