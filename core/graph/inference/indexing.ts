// Reading and writing at indices.
import { elementCount, type Known, stridesOf } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

function gather(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const indices = n.input(1);
  const axis = n.axis(n.int('axis', 0), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const length = x.shape[axis]!;
  return [
    n.known(x.type, shape, () => {
      if (x.values === undefined || indices.values === undefined) return undefined;
      if (elementCount(shape) === 0) return [];
      const inner = elementCount(x.shape.slice(axis + 1));
      const out: number[] = [];
      for (let o = 0; o < elementCount(x.shape.slice(0, axis)); o++) {
        for (const index of indices.values) {
          const at = index < 0 ? index + length : index;
          if (at < 0 || at >= length) n.wrong(`index ${index} of ${length}`);
          for (let i = 0; i < inner; i++) out.push(x.values[(o * length + at) * inner + i]!);
        }
      }
      return out;
    }),
  ];
}

function gatherND(n: NodeContext): readonly Known[] {
  const x = n.shapeOfRank(0, 1);
  const indices = n.shapeOfRank(1, 1);
  const batch = n.int('batch_dims', 0);
  const depth = indices.at(-1)!;
  if (batch < 0 || batch >= Math.min(x.length, indices.length) || batch + depth > x.length) {
    n.wrong(`indices [${indices}] into [${x}] with ${batch} axes of batch`);
  }
  return [{ type: n.type(0), shape: [...indices.slice(0, -1), ...x.slice(batch + depth)] }];
}

function oneHot(n: NodeContext): readonly Known[] {
  const indices = n.shape(0);
  const depth = n.values(1, 'depth')[0] ?? n.wrong('its depth has no value');
  const axis = n.axis(n.int('axis', -1), indices.length + 1);
  return [{ type: n.type(2), shape: indices.toSpliced(axis, 0, depth) }];
}

function nonZero(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const values = n.values(0, 'input');
  const places = [...values.keys()].filter((k) => values[k] !== 0);
  const strides = stridesOf(x.shape);
  const shape = [x.shape.length, places.length];
  return [
    n.known('int64', shape, () => x.shape.flatMap((d, axis) => places.map((k) => Math.floor(k / strides[axis]!) % d))),
  ];
}

function compress(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const kept = n.values(1, 'condition').filter((v) => v !== 0).length;
  const axis = n.int('axis');
  if (axis === undefined) return [{ type: x.type, shape: [kept] }];
  return [{ type: x.type, shape: x.shape.with(n.axis(axis, x.shape.length), kept) }];
}

const likeData: Rule = (n) => [{ type: n.type(0), shape: n.shape(0) }];
const dataDependent: Rule = (n) => n.refuse('the shape of its output depends on its data');

export const indexingRules: Readonly<Record<string, Rule>> = {
  Gather: gather,
  GatherElements: (n) => [{ type: n.type(0), shape: n.shape(1) }],
  GatherND: gatherND,
  Scatter: likeData,
  ScatterElements: likeData,
  ScatterND: likeData,
  OneHot: oneHot,
  NonZero: nonZero,
  Compress: compress,
  Unique: dataDependent,
  NonMaxSuppression: dataDependent,
};
