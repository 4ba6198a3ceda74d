// Mean and deviation of ln latency of search spaces' networks under adaptations, as a process answers requests with
// them: what a part of a network adds (head-terms.ts) is worked out once for an adaptation and kept. Parts come again
// in every request: the networks of a small space are few different rows of counts, those of a large one chains of few
// different blocks. The numbers are those of posterior-predictive.ts but for rounding.
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { CountedParts, NetworkCounts } from '#core/predictor/kernels/count-cache.ts';
import type { CountRow } from '#core/predictor/kernels/kernel-table.ts';
import type { KernelPrices, PriceBooks } from '#core/predictor/kernels/price-book.ts';
import type { NetworkSet } from '#core/predictor/types.ts';
import type { Adaptation, AdaptedHead } from './adaptation.ts';
import { type HeadTerms, headTerms, termCount } from './head-terms.ts';
import { addToMixture, type LnMoments, mixtureOf } from './posterior-predictive.ts';

/** Moments under each adaptation, in their order, one a network of the set. */
export type KeptMoments = (adaptations: readonly Adaptation[], set: NetworkSet) => Promise<LnMoments[]>;

/** What is known under one head of an adaptation, at one batch size, of the parts of one table, by their numbers. */
interface HeadMemory {
  readonly head: AdaptedHead;
  readonly terms: HeadTerms;
  readonly parts: Map<number, Float64Array>;
  /** What networks that are one part add to the mixture: mean and second moment of each, NaN where it is not known. */
  alone: Float64Array;
}

/** Numbers that are kept: some 40 MB. Beyond, everything is forgotten and begins anew. */
const mostNumbers = 4_000_000;
/** What an entry of a map and its array take, in numbers. */
const numbersPerEntry = 12;
/** Networks that are counted at once. */
const networksAtOnce = 1024;

/** @param lowerings of the predictor that `books` are of, in its order; those that `counts` are under
 * @param most numbers to keep */
export function keptMoments(
  counts: NetworkCounts,
  books: PriceBooks,
  lowerings: readonly LoweringId[],
  most = mostNumbers,
): KeptMoments {
  let numbers = 0;
  let memory = new WeakMap<object, WeakMap<object, Map<string, HeadMemory>>>();

  function memoryOf(adaptation: Adaptation, head: AdaptedHead, { table }: CountedParts, batch: number): HeadMemory {
    const byTable = memory.get(adaptation) ?? new WeakMap<object, Map<string, HeadMemory>>();
    memory.set(adaptation, byTable);
    const byHead = byTable.get(table) ?? new Map<string, HeadMemory>();
    byTable.set(table, byHead);
    // Heads of one net, form and lowering differ in the mean of their prior.
    const key = `${batch} ${adaptation.heads.indexOf(head)}`;
    const known = byHead.get(key) ?? { head, terms: headTerms(head), parts: new Map(), alone: new Float64Array(0) };
    byHead.set(key, known);
    return known;
  }

  function partTerms(own: HeadMemory, part: number, rows: readonly CountRow[], prices: KernelPrices): Float64Array {
    const known = own.parts.get(part);
    if (known !== undefined) return known;
    const made = own.terms(rows[part]!, prices);
    own.parts.set(part, made);
    numbers += termCount + numbersPerEntry;
    return made;
  }

  function withRoom(own: HeadMemory, parts: number): Float64Array {
    const { alone } = own;
    if (2 * parts <= alone.length) return alone;
    own.alone = new Float64Array(Math.max(2 * parts, 2 * alone.length)).fill(Number.NaN);
    own.alone.set(alone);
    numbers += own.alone.length - alone.length;
    return own.alone;
  }

  function addHead(own: HeadMemory, counted: CountedParts, prices: KernelPrices, moments: LnMoments): void {
    const { rows, byLowering } = counted;
    const { numbers: parts, ends } = byLowering.get(own.head.lowering)!;
    const alone = withRoom(own, rows.length);
    const sums = new Float64Array(termCount);
    for (let i = 0, at = 0; i < ends.length; i++) {
      const end = ends[i]!;
      if (end - at === 1) {
        const part = parts[at++]!;
        if (Number.isNaN(alone[2 * part]!)) rememberAlone(own.head, own.terms(rows[part]!, prices), alone, part);
        moments.mean[i]! += alone[2 * part]!;
        moments.deviation[i]! += alone[2 * part + 1]!;
        continue;
      }
      sums.fill(0);
      for (; at < end; at++) {
        const terms = partTerms(own, parts[at]!, rows, prices);
        for (let t = 0; t < termCount; t++) sums[t]! += terms[t]!;
      }
      addTerms(own.head, sums, moments, i);
    }
  }

  return async (adaptations, { workload, architectures }) => {
    const standing = new Set(adaptations.flatMap(({ heads }) => heads.map(({ lowering }) => lowering)));
    const wanted = lowerings.filter((lowering) => standing.has(lowering));
    const empty = (): Float64Array => new Float64Array(architectures.length);
    const moments = adaptations.map(() => ({ mean: empty(), deviation: empty() }));
    if (numbers > most) {
      memory = new WeakMap();
      numbers = 0;
    }
    for (let start = 0; start < architectures.length; start += networksAtOnce) {
      const end = Math.min(start + networksAtOnce, architectures.length);
      const counted = counts.parts({ workload, architectures: architectures.slice(start, end) }, wanted);
      const prices = await books.of(counted.table, workload.batchSize);
      for (const [a, adaptation] of adaptations.entries()) {
        const { mean, deviation } = moments[a]!;
        const part = { mean: mean.subarray(start, end), deviation: deviation.subarray(start, end) };
        for (const head of adaptation.heads) {
          addHead(memoryOf(adaptation, head, counted, workload.batchSize), counted, prices, part);
        }
      }
    }
    return moments.map((sums, a) => mixtureOf(adaptations[a]!, sums));
  };
}

function rememberAlone(head: AdaptedHead, terms: Float64Array, alone: Float64Array, part: number): void {
  const added = { mean: new Float64Array(1), deviation: new Float64Array(1) };
  addTerms(head, terms, added, 0);
  alone[2 * part] = added.mean[0]!;
  alone[2 * part + 1] = added.deviation[0]!;
}

/** Adds what a head says of a network with these terms. */
function addTerms(head: AdaptedHead, terms: Float64Array, moments: LnMoments, i: number): void {
  const m = terms[0]!;
  let square = 0;
  for (let t = 2; t < termCount; t++) square += terms[t]! ** 2;
  addToMixture(head, Math.log(m), terms[1]! / m, square / (m * m), moments, i);
}
