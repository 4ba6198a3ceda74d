// What a kernel is called where its time is told.
import { type Kernel, type KernelKind, kernelKinds } from '#core/graph/kernel.ts';

/** The kind of a kernel and, of convolutions where it is known, the window: `convolution/3x3`, `sum`. */
export interface KernelWord {
  readonly kind: KernelKind;
  /** Height and width; undefined: not known, or there is none. */
  readonly window: readonly [number, number] | undefined;
}

const windowed: ReadonlySet<KernelKind> = new Set([
  'convolution',
  'depthwise-convolution',
  'grouped-convolution',
  'transposed-convolution',
]);

/** What a kernel is called. */
export const wordOfKernel = ({ kind, window }: Pick<Kernel, 'kind' | 'window'>): string =>
  writeKernelWord({ kind, window });

/** Kind, and the window of what has one. */
export function writeKernelWord({ kind, window }: KernelWord): string {
  return windowed.has(kind) && window !== undefined ? `${kind}/${window[0]}x${window[1]}` : kind;
}

const kinds = new Set<string>(kernelKinds);

/** Undefined for what is none. */
export function readKernelWord(text: string): KernelWord | undefined {
  const [, kind, height, width] = /^([a-z-]+?)(?:\/([1-9]\d{0,3})x([1-9]\d{0,3}))?$/.exec(text) ?? [];
  if (kind === undefined || !kinds.has(kind)) return undefined;
  if (height === undefined) return { kind: kind as KernelKind, window: undefined };
  return windowed.has(kind as KernelKind) ? { kind: kind as KernelKind, window: [+height, +width!] } : undefined;
}
