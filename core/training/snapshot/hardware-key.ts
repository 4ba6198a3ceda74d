// Which hardware a target is measured on. An evaluation that holds out one batch size of it and trains on another
// measures memory, not prediction: all targets with the same key are held out together.

import type { TargetRecord } from '#core/targets/target-record.ts';
import { slug } from '#core/text/slug.ts';

/** Columns of the published tables end in the batch size (data/README.md). */
const batchSuffix = /_(1|32|64|256)$/;
/** Columns that end in what looks like one. */
const wholeNames = ['essential_ph_1'];

/** The hardware key of a column of the published tables, which say nothing of their hardware but a name. */
export const hardwareKeyOfColumn = (column: string): string =>
  wholeNames.includes(column) ? column : column.replace(batchSuffix, '');

/** Model, CPU and accelerator, as far as they are known. */
export function hardwareKeyOf({ target }: Pick<TargetRecord, 'target'>): string {
  const { model, cpu, accelerator } = target.hardware;
  return [model, cpu, accelerator === 'none' ? null : accelerator]
    .flatMap((part) => (part === null ? [] : [slug(part)]))
    .join('/');
}
