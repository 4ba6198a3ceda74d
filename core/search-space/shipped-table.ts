// What a space says of the table of measurements that is shipped for it, `data/latency-<id>.csv.gz`.

/** Rows of a table, from 0, both ends included. */
export interface Rows {
  readonly first: number;
  readonly last: number;
}

/** How the table is divided where nobody says otherwise: columns (targets) and rows (architectures) to train on, and
 * those to evaluate on, which training never sees. */
export interface Split {
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly trainRows: Rows;
  readonly testRows: Rows;
}
