// Simulated devices for NAS-Bench-201: each operation has a random price, and a device either executes the cell as
// written or only what computes, one operation after the other or partly in parallel, on top of a fixed part.
// They carry targets that are unlike every measured one, so the structure matters more than the exact ranges.
import type { Random } from '#core/random.ts';
import type { Architecture, DeviceSimulator } from '../search-space.ts';
import { isConnectedCell } from './canonical-cell.ts';
import { NONE } from './cell.ts';
import { computingCell, longestPath, tally } from './features.ts';

/** Prices in units of one 3×3 convolution. */
export interface Nasbench201Device {
  readonly skip: number;
  readonly convolution1x1: number;
  readonly pool: number;
  readonly addition: number;
  /** Price of a `none` edge: some runtimes write zeros. Counts only where `asWritten`. */
  readonly none: number;
  /** Executes dead edges too. */
  readonly asWritten: boolean;
  /** 1: operations run one after the other; below, the rest of the time follows the longest path. */
  readonly serialShare: number;
  /** Time of everything outside the searched cells. */
  readonly base: number;
  /** Where a runtime drops a disconnected network altogether: the share of `base` that remains. */
  readonly disconnectedShare: number | undefined;
}

export function drawNasbench201Device(random: Random): Nasbench201Device {
  const happens = (probability: number) => random.next() < probability;
  const convolution1x1 = random.uniform(0.08, 1.1);
  const pool = random.logUniform(0.02, 1.2);
  const skip = random.logUniform(0.003, 0.3);
  const none = happens(0.5) ? random.logUniform(0.003, 0.3) : 0;
  const freeSkip = happens(0.4);
  const freePool = happens(0.15);
  const addition = happens(0.6) ? random.logUniform(0.003, 0.3) : 0;
  const asWritten = happens(0.5);
  const serialShare = happens(0.4) ? random.uniform(0.2, 1) : 1;
  const base = random.logUniform(0.05, 4);
  const disconnectedShare = !asWritten && happens(0.5) ? random.uniform(0.02, 0.5) : undefined;
  return {
    skip: freeSkip ? 0 : skip,
    convolution1x1,
    pool: freePool ? 0 : pool,
    addition,
    none,
    asWritten,
    serialShare,
    base,
    disconnectedShare,
  };
}

/** What the latency formula needs of each cell, computed once. Flat rows: a training run asks millions of times. */
export interface Nasbench201Workload {
  /** [n × 6]: written none, skip, 1×1, 3×3, pool, additions. */
  readonly written: Float64Array;
  /** [n × 6]: the same of the computing cell; its `none` costs nothing and is left 0. */
  readonly computing: Float64Array;
  readonly computingCells: readonly Architecture[];
  readonly connected: readonly boolean[];
}

const rowWidth = 6;

export function nasbench201Workload(cells: readonly Architecture[]): Nasbench201Workload {
  const written = new Float64Array(cells.length * rowWidth);
  const computing = new Float64Array(cells.length * rowWidth);
  const computingCells = cells.map(computingCell);
  for (const [row, cell] of cells.entries()) {
    const writtenTally = tally(cell);
    const computingTally = tally(computingCells[row]!);
    written.set([...writtenTally.counts, writtenTally.additions], row * rowWidth);
    computing.set([...computingTally.counts, computingTally.additions], row * rowWidth);
    computing[row * rowWidth + NONE] = 0;
  }
  return { written, computing, computingCells, connected: cells.map(isConnectedCell) };
}

/** Latency of each of `indices` on a device, in units of one 3×3 convolution. */
export function nasbench201Latency(
  workload: Nasbench201Workload,
  device: Nasbench201Device,
  indices: Int32Array,
): Float64Array {
  const { skip, convolution1x1, pool, addition, none, serialShare, base, disconnectedShare } = device;
  const rows = device.asWritten ? workload.written : workload.computing;
  // An operation on the longest path brings its addition with it.
  const pathPrices = [none, skip, convolution1x1, 1, pool].map((price) => price + addition);
  const latency = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (disconnectedShare !== undefined && !workload.connected[index]) {
      latency[i] = base * disconnectedShare;
      continue;
    }
    const at = index * rowWidth;
    let time =
      rows[at]! * none +
      rows[at + 1]! * skip +
      rows[at + 2]! * convolution1x1 +
      rows[at + 3]! +
      rows[at + 4]! * pool +
      rows[at + 5]! * addition;
    if (serialShare < 1) {
      time = serialShare * time + (1 - serialShare) * longestPath(workload.computingCells[index]!, pathPrices);
    }
    latency[i] = time + base;
  }
  return latency;
}

export function nasbench201Simulator(cells: readonly Architecture[]): DeviceSimulator {
  const workload = nasbench201Workload(cells);
  return { draw: (random, indices) => nasbench201Latency(workload, drawNasbench201Device(random), indices) };
}
