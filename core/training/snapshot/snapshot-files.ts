// Writes the Parquet files of a snapshot, target by target: what is held beside the finished bytes are the rows of
// one row group. The same rows in the same order give the same bytes.
import { createHash, type Hash } from 'node:crypto';
import { type BasicType, ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { hasCounters } from '#core/predictor/operators/counter-prior.ts';
import { type Workload, workloadKey } from '#core/search-space/workload.ts';

export interface MeasurementRow {
  readonly workload: Workload;
  readonly architecture: string;
  readonly latencyMs: number;
}

export interface GraphMeasurementRow {
  /** Hash of the operator graph. */
  readonly model: string;
  readonly latencyMs: number;
}

/** What a snapshot holds of a target. */
export interface TargetContent {
  readonly rows: readonly MeasurementRow[];
  readonly graphs: readonly GraphMeasurementRow[];
  readonly descriptor: Descriptor | null;
  /** As `runtimeAtLevel` names it. */
  readonly runtime: string;
}

export interface FinishedFile {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

const rowsPerGroup = 50_000;
/** Descriptors are some tens of kilobytes each, and few of them are read. */
const descriptorsPerGroup = 64;

type Columns = Readonly<Record<string, { readonly type: BasicType; readonly nullable?: boolean }>>;

/** Rows as arrays in the order of the columns. */
class RowWriter {
  readonly #columns: Columns;
  readonly #bytes = new ByteWriter(1 << 20);
  readonly #writer: ParquetWriter;
  readonly #rowsPerGroup: number;
  #pending: unknown[][];
  #rows = 0;

  constructor(columns: Columns, ownRowsPerGroup = rowsPerGroup) {
    this.#columns = columns;
    this.#rowsPerGroup = ownRowsPerGroup;
    this.#pending = this.#empty();
    const columnData = Object.entries(columns).map(([name, column]) => ({ name, data: [], ...column }));
    const schema = schemaFromColumnData({ columnData });
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema, createdBy: 'sugarbush' });
  }

  add(...values: unknown[]): void {
    for (const [column, value] of values.entries()) this.#pending[column]!.push(value);
    this.#rows++;
    if (this.#pending[0]!.length >= this.#rowsPerGroup) this.#flush();
  }

  finish(): FinishedFile {
    if (this.#pending[0]!.length > 0) this.#flush();
    writtenNow(this.#writer.finish());
    return { bytes: this.#bytes.getBytes(), rows: this.#rows };
  }

  #flush(): void {
    const columnData = Object.entries(this.#columns).map(([name, column], at) => ({
      name,
      data: this.#pending[at]!,
      ...column,
    }));
    writtenNow(this.#writer.write({ columnData, rowGroupSize: this.#rowsPerGroup }));
    this.#pending = this.#empty();
  }

  #empty(): unknown[][] {
    return Object.keys(this.#columns).map(() => []);
  }
}

/** Into memory nothing has to be waited for; should a version of the writer want that, bytes would be missing. */
function writtenNow(result: unknown): void {
  if (result !== undefined) throw new Error('hyparquet-writer did not write into memory at once');
}

export class SnapshotFiles {
  readonly #measurements = new RowWriter({
    target: { type: 'STRING' },
    searchSpace: { type: 'STRING' },
    /** Pixels; null where each architecture states its own. */
    inputSize: { type: 'INT32', nullable: true },
    batchSize: { type: 'INT32' },
    architecture: { type: 'STRING' },
    latencyMs: { type: 'DOUBLE' },
  });
  /** One row a counter, and one for the latency (`latencyMs`): `state` is value, unsupported or not-counted. */
  readonly #descriptors = new RowWriter({
    target: { type: 'STRING' },
    operator: { type: 'STRING' },
    quantity: { type: 'STRING' },
    state: { type: 'STRING' },
    value: { type: 'DOUBLE', nullable: true },
  });
  readonly #graphs = new RowWriter({
    target: { type: 'STRING' },
    model: { type: 'STRING' },
    latencyMs: { type: 'DOUBLE' },
  });
  /** Targets whose descriptor has counters, with all of it as JSON: what a fit reads. */
  readonly #counted = new RowWriter(
    { target: { type: 'STRING' }, runtime: { type: 'STRING' }, descriptor: { type: 'STRING' } },
    descriptorsPerGroup,
  );
  readonly #content: Hash = createHash('sha256').update('sugarbush-snapshot 2\n');

  /** `about`: everything of the target that is content beside its rows. */
  add(target: string, about: readonly (string | null)[], { rows, graphs, descriptor, runtime }: TargetContent): void {
    const isCounted = descriptor !== null && hasCounters(descriptor);
    this.#content.update(JSON.stringify([target, ...about, rows.length, descriptor, ...(isCounted ? [runtime] : [])]));
    if (isCounted) this.#counted.add(target, runtime, JSON.stringify(descriptor));
    for (const { workload, architecture, latencyMs } of rows) {
      const { searchSpace, inputSize, batchSize } = workload;
      this.#content.update(`\n${workloadKey(workload)} ${architecture} ${latencyMs}`);
      this.#measurements.add(target, searchSpace, inputSize, batchSize, architecture, latencyMs);
    }
    for (const { model, latencyMs } of graphs) {
      this.#content.update(`\n${model} ${latencyMs}`);
      this.#graphs.add(target, model, latencyMs);
    }
    for (const [operator, { latency, counters }] of Object.entries(descriptor?.operators ?? {})) {
      const add = (quantity: string, value: number | string): void => {
        const counted = typeof value === 'number';
        this.#descriptors.add(target, operator, quantity, counted ? 'value' : value, counted ? value : null);
      };
      add('latencyMs', typeof latency === 'string' ? latency : latency.medianMs);
      for (const [name, value] of Object.entries(counters)) add(name, value);
    }
  }

  finish(hardwareKeys: readonly string[]): {
    readonly contentSha256: string;
    readonly measurements: FinishedFile;
    readonly descriptors: FinishedFile;
    /** There where any was measured. */
    readonly graphs?: FinishedFile;
    /** There where any target has counters. */
    readonly counted?: FinishedFile;
  } {
    const contentSha256 = this.#content.update(JSON.stringify(hardwareKeys)).digest('hex');
    const graphs = this.#graphs.finish();
    const counted = this.#counted.finish();
    return {
      contentSha256,
      measurements: this.#measurements.finish(),
      descriptors: this.#descriptors.finish(),
      ...(graphs.rows > 0 && { graphs }),
      ...(counted.rows > 0 && { counted }),
    };
  }
}
