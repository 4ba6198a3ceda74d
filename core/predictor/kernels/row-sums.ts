// Sums of sparse rows of counts: what a network launches is the sum of what its parts do.
import type { CountRow } from './kernel-table.ts';

/** Sums rows: the result's kernels ascend, those whose counts cancel are left out. It keeps a number and a bit for each
 * kernel between calls, so that a call allocates no more than its result. */
export function rowSums(): (rows: readonly CountRow[]) => CountRow {
  /** By kernel; 0 between calls. */
  let sums = new Float64Array(0);
  /** Which kernels the rows name, 32 to a word: read from the first word on, they ascend without sorting. */
  let named = new Uint32Array(0);
  let found = new Int32Array(0);
  return (rows) => {
    let room = 0;
    for (const { kernels } of rows) room = Math.max(room, (kernels.at(-1) ?? -1) + 1);
    if (room > sums.length) {
      sums = new Float64Array(2 * room);
      named = new Uint32Array((2 * room + 31) >>> 5);
      found = new Int32Array(2 * room);
    }
    for (const { kernels, counts } of rows) {
      for (let i = 0; i < kernels.length; i++) {
        const kernel = kernels[i]!;
        named[kernel >>> 5]! |= 1 << (kernel & 31);
        sums[kernel]! += counts[i]!;
      }
    }
    let end = 0;
    for (let word = 0; word << 5 < room; word++) {
      for (let bits = named[word]!; bits !== 0; bits &= bits - 1) {
        const kernel = (word << 5) + 31 - Math.clz32(bits & -bits);
        if (sums[kernel] !== 0) found[end++] = kernel;
      }
      named[word] = 0;
    }
    const kernels = found.slice(0, end);
    const counts = new Float64Array(end);
    for (let i = 0; i < end; i++) {
      counts[i] = sums[kernels[i]!]!;
      sums[kernels[i]!] = 0;
    }
    return { kernels, counts };
  };
}
