// Attention of opset 23 and rotary embeddings: queries are [batch, heads, length, width] or [batch, length, heads ·
// width].
import type { Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

interface Heads {
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
}

function headsOf(n: NodeContext, index: number, attribute: string): Heads {
  const shape = n.shapeOfRank(index, 3, 4);
  if (shape.length === 4) return { batch: shape[0]!, heads: shape[1]!, length: shape[2]!, width: shape[3]! };
  const heads = n.requiredInt(attribute);
  if (heads < 1 || shape[2]! % heads !== 0) n.wrong(`${heads} heads on [${shape}]`);
  return { batch: shape[0]!, heads, length: shape[1]!, width: shape[2]! / heads };
}

function attention(n: NodeContext): readonly Known[] {
  const type = n.type(0);
  const query = headsOf(n, 0, 'q_num_heads');
  const key = headsOf(n, 1, 'kv_num_heads');
  const value = headsOf(n, 2, 'kv_num_heads');
  const past = n.has(4) ? n.shapeOfRank(4, 4, 4)[2]! : 0;
  if (query.width !== key.width || key.length !== value.length) {
    n.wrong(`queries [${n.shape(0)}], keys [${n.shape(1)}] and values [${n.shape(2)}]`);
  }
  const total = past + key.length;
  const out =
    n.shape(0).length === 4
      ? [query.batch, query.heads, query.length, value.width]
      : [query.batch, query.length, query.heads * value.width];
  return [
    { type, shape: out },
    { type: n.type(1), shape: [key.batch, key.heads, total, key.width] },
    { type: n.type(2), shape: [value.batch, value.heads, total, value.width] },
    { type, shape: [query.batch, query.heads, query.length, total] },
  ];
}

export const attentionRules: Readonly<Record<string, Rule>> = {
  Attention: attention,
  RotaryEmbedding: (n) => [{ type: n.type(0), shape: n.shape(0) }],
};
