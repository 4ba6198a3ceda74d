// The prices of a kernel table under one predictor, as far as they were asked for: each kernel is priced once.
import type { Kernel } from '#core/graph/kernel.ts';
import { netCount, featureDimension as P } from '#core/predictor/hypotheses.ts';
import type { PriceTable } from '#core/predictor/types.ts';
import { atBatch } from './kernel-features.ts';
import type { KernelTable } from './kernel-table.ts';

/** By index into the kernel table. */
export interface KernelPrices {
  /** μ, [nets][kernels]. */
  readonly mean: readonly Float64Array[];
  /** ψ, [nets][kernels · P]. */
  readonly psi: readonly Float32Array[];
}

export interface PriceBooks {
  /** Prices of all kernels that the table has now, at `batch` times their own batch size. */
  of(table: KernelTable, batch: number): Promise<KernelPrices>;
}

interface Book {
  /** Kernels priced so far; the arrays have room for more. */
  count: number;
  mean: Float64Array[];
  psi: Float32Array[];
  /** The pricing under way: the next one goes on from where it ends. */
  last: Promise<unknown>;
}

/** Batch sizes of a table that are kept. */
const mostBooks = 8;

/** Prices that are remembered for each kernel table and batch size; `price` is asked for what is not known yet only. */
export function priceBooks(price: (kernels: readonly Kernel[]) => Promise<PriceTable>): PriceBooks {
  const books = new WeakMap<KernelTable, Map<number, Book>>();

  async function extend(book: Book, table: KernelTable, batch: number): Promise<void> {
    const { count } = book;
    const total = table.kernels.length;
    if (count === total) return;
    const added = await price(table.kernels.slice(count, total).map((kernel) => atBatch(kernel, batch)));
    if (total > book.mean[0]!.length) grow(book, Math.max(total, 2 * book.mean[0]!.length));
    for (let net = 0; net < netCount; net++) {
      book.mean[net]!.set(added.lnMean[net]!.map(Math.exp), count);
      book.psi[net]!.set(added.psi[net]!, count * P);
    }
    book.count = total;
  }

  return {
    async of(table, batch) {
      const byBatch = books.get(table) ?? new Map<number, Book>();
      books.set(table, byBatch);
      const book = byBatch.get(batch) ?? emptyBook();
      byBatch.delete(batch);
      byBatch.set(batch, book);
      if (byBatch.size > mostBooks) byBatch.delete(byBatch.keys().next().value!);
      if (book.count < table.kernels.length) {
        const extended = book.last.then(() => extend(book, table, batch));
        book.last = extended.catch(() => undefined);
        await extended;
      }
      return { mean: book.mean, psi: book.psi };
    },
  };
}

const emptyBook = (): Book => ({
  count: 0,
  mean: Array.from({ length: netCount }, () => new Float64Array(0)),
  psi: Array.from({ length: netCount }, () => new Float32Array(0)),
  last: Promise.resolve(),
});

function grow(book: Book, capacity: number): void {
  book.mean = book.mean.map((own) => {
    const larger = new Float64Array(capacity);
    larger.set(own);
    return larger;
  });
  book.psi = book.psi.map((own) => {
    const larger = new Float32Array(capacity * P);
    larger.set(own);
    return larger;
  });
}
