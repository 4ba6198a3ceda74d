// Products of matrices and Einstein sums.
import { broadcastShape } from './broadcast.ts';
import type { Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

/** NumPy's matmul: vectors are promoted, leading axes broadcast. */
export function matrixProductShape(
  n: NodeContext,
  left: readonly number[],
  right: readonly number[],
): readonly number[] {
  if (left.length === 0 || right.length === 0) n.wrong('a product with a scalar');
  const a = left.length === 1 ? [1, left[0]!] : left;
  const b = right.length === 1 ? [right[0]!, 1] : right;
  if (a.at(-1) !== b.at(-2)) n.wrong(`a product of [${left}] and [${right}]`);
  const batch = broadcastShape(n, [a.slice(0, -2), b.slice(0, -2)]);
  return [...batch, ...(left.length === 1 ? [] : [a.at(-2)!]), ...(right.length === 1 ? [] : [b.at(-1)!])];
}

/** A shape with its last two axes exchanged where that is wanted. */
export function transposedLast(shape: readonly number[], wanted: boolean): readonly number[] {
  return wanted && shape.length > 1 ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
}

/** Shape and type of Gemm: [M, K] · [K, N], either transposed.
 * @throws DomainError naming the node */
export function gemm(n: NodeContext): readonly Known[] {
  const a = transposedLast(n.shapeOfRank(0, 2, 2), n.int('transA', 0) !== 0);
  const b = transposedLast(n.shapeOfRank(1, 2, 2), n.int('transB', 0) !== 0);
  return [{ type: n.type(0), shape: matrixProductShape(n, a, b) }];
}

/** Letters name axes; `...` stands for the axes before or between that broadcast. */
function einsum(n: NodeContext): readonly Known[] {
  const equation = n.string('equation', '').replaceAll(' ', '');
  const [left = '', right] = equation.split('->');
  const terms = left.split(',');
  if (terms.length !== n.inputCount) n.wrong(`equation ${equation} for ${n.inputCount} inputs`);
  const sizes = new Map<string, number>();
  const ellipses: (readonly number[])[] = [];
  terms.forEach((term, index) => {
    const shape = n.shape(index);
    const [before = '', after] = term.split('...');
    const named = before.length + (after?.length ?? 0);
    if (
      !/^[A-Za-z]*$/.test(before + (after ?? '')) ||
      (after === undefined ? named !== shape.length : named > shape.length)
    ) {
      n.wrong(`term ${term} of equation ${equation} on [${shape}]`);
    }
    const axes = [...before].map((letter, axis) => [letter, shape[axis]!] as const);
    const tail = [...(after ?? '')].map((letter, k) => [letter, shape[shape.length - after!.length + k]!] as const);
    for (const [letter, size] of [...axes, ...tail]) {
      const known = sizes.get(letter);
      if (known !== undefined && known !== size && known !== 1 && size !== 1) {
        n.wrong(`equation ${equation}: axis ${letter} is both ${known} and ${size}`);
      }
      sizes.set(letter, Math.max(known ?? 1, size));
    }
    if (after !== undefined) ellipses.push(shape.slice(before.length, shape.length - after.length));
  });
  const free = broadcastShape(n, ellipses);
  const output = right ?? implicitOutput(left, ellipses.length > 0);
  const [before = '', after = ''] = output.split('...');
  const size = (letter: string) => sizes.get(letter) ?? n.wrong(`equation ${equation}: axis ${letter} is in no input`);
  const middle = output.includes('...') ? free : [];
  return [{ type: n.type(0), shape: [...[...before].map(size), ...middle, ...[...after].map(size)] }];
}

/** Without `->`: the ellipsis, then the letters that occur once, in alphabetical order. */
function implicitOutput(left: string, ellipsis: boolean): string {
  const letters = [...left.replaceAll('.', '').replaceAll(',', '')];
  const once = letters.filter((l) => letters.indexOf(l) === letters.lastIndexOf(l)).toSorted();
  return `${ellipsis ? '...' : ''}${once.join('')}`;
}

export const productRules: Readonly<Record<string, Rule>> = {
  MatMul: (n) => [{ type: n.type(0), shape: matrixProductShape(n, n.shape(0), n.shape(1)) }],
  Gemm: gemm,
  Einsum: einsum,
  Det: (n) => [{ type: n.type(0), shape: n.shapeOfRank(0, 2).slice(0, -2) }],
};
