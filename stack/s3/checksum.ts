// The checksums that are verified and stored, as incremental hashes: CRC-32, which the SDK puts into every write unless
// it is told not to, and SHA-256, to which a presigned upload is held. S3's others (CRC-32C, CRC-64/NVME, SHA-1) no
// client of ours sends; they are refused. Source: Amazon S3 User Guide, "Checking object integrity".

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const checksumAlgorithms = ['crc32', 'sha256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

export const digestBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc32: 4,
  sha256: 32,
};

export interface RunningHash {
  update(bytes: Uint8Array): void;
  /** Call once, at the end. A CRC is big-endian, as in S3's headers. */
  digest(): Buffer;
}

/** A running checksum of the algorithm, fed piece by piece. */
export function startChecksum(algorithm: ChecksumAlgorithm): RunningHash {
  return algorithm === 'crc32' ? new Crc32() : startHash(algorithm);
}

/** A running hash of the algorithm, fed piece by piece. */
export function startHash(algorithm: 'md5' | 'sha256'): RunningHash {
  const hash = createHash(algorithm);
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    digest: () => hash.digest(),
  };
}

class Crc32 implements RunningHash {
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
  }

  digest(): Buffer {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(this.#value);
    return out;
  }
}
