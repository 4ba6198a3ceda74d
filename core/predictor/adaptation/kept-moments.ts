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

/** Under a head: ln of the relative latency that the predictor expects, what of it the posterior keeps, and the
 * latter's variance. */
interface NetworkTerms {
  readonly lnMean: number;
  readonly relative: number;
  readonly variance: number;
}

/** What is known under one head of an adaptation, at one batch size, of parts of one table. */
interface HeadMemory {
  readonly terms: HeadTerms;
  readonly parts: Map<CountRow, Float64Array>;
  /** Of networks that are one part. */
  readonly networks: Map<CountRow, NetworkTerms>;
}

/** Numbers that are kept: some 50 MB. Beyond, everything is forgotten and begins anew. */
const mostNumbers = 4_000_000;
/** What an entry of a map and its object take, in numbers. */
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
    const key = `${batch} ${head.net} ${head.lowering}`;
    const known = byHead.get(key) ?? { terms: headTerms(head), parts: new Map(), networks: new Map() };
    byHead.set(key, known);
    return known;
  }

  function partTerms({ parts, terms }: HeadMemory, part: CountRow, prices: KernelPrices): Float64Array {
    const known = parts.get(part);
    if (known !== undefined) return known;
    const made = terms(part, prices);
    parts.set(part, made);
    numbers += termCount + numbersPerEntry;
    return made;
  }

  function networkTerms(memoryOfHead: HeadMemory, parts: readonly CountRow[], prices: KernelPrices): NetworkTerms {
    if (parts.length !== 1) {
      const sums = new Float64Array(termCount);
      for (const part of parts) {
        const terms = partTerms(memoryOfHead, part, prices);
        for (let i = 0; i < termCount; i++) sums[i]! += terms[i]!;
      }
      return fromSums(sums);
    }
    const known = memoryOfHead.networks.get(parts[0]!);
    if (known !== undefined) return known;
    const made = fromSums(memoryOfHead.terms(parts[0]!, prices));
    memoryOfHead.networks.set(parts[0]!, made);
    numbers += numbersPerEntry;
    return made;
  }

  function add(adaptation: Adaptation, counted: CountedParts, prices: KernelPrices, batch: number, sums: LnMoments) {
    for (const head of adaptation.heads) {
      const own = memoryOf(adaptation, head, counted, batch);
      const parts = counted.parts.get(head.lowering)!;
      for (const [i, network] of parts.entries()) {
        const { lnMean, relative, variance } = networkTerms(own, network, prices);
        addToMixture(head, lnMean, relative, variance, sums, i);
      }
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
        add(adaptation, counted, prices, workload.batchSize, part);
      }
    }
    return moments.map((sums, a) => mixtureOf(adaptations[a]!, sums));
  };
}

function fromSums(sums: Float64Array): NetworkTerms {
  const m = sums[0]!;
  let square = 0;
  for (let i = 2; i < termCount; i++) square += sums[i]! ** 2;
  return { lnMean: Math.log(m), relative: sums[1]! / m, variance: square / (m * m) };
}
