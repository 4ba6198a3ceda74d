// Which hardware a target is measured on. An evaluation that holds out one runtime's settings of it and trains on
// another's measures memory, not prediction: all targets with the same key are held out together.
import type { TargetRecord } from '#core/targets/target-record.ts';
import { slug } from '#core/text/slug.ts';

/** Model, CPU and accelerator as slugs, `/` between them. */
export function hardwareKeyOf({ target }: Pick<TargetRecord, 'target'>): string {
  const { model, cpu, accelerator } = target.hardware;
  return [model, cpu, accelerator === 'none' ? null : accelerator]
    .flatMap((part) => (part === null ? [] : [slug(part)]))
    .join('/');
}
