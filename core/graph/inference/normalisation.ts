// Normalisations: the output is like the input; some also write statistics.
import type { ElementType } from '../operator-graph.ts';
import type { Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

const like: Rule = (n) => [{ type: n.type(0), shape: n.shape(0) }];

/** Statistics (training; opset 7 to 13 may name them too) are one value a channel. */
function batchNormalization(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const channels: readonly number[] = n.shape(1);
  if (channels.length !== 1 || (x.shape.length > 1 && x.shape[1] !== channels[0])) {
    n.wrong(`a scale of [${channels}] on [${x.shape}]`);
  }
  const statistic: Known = { type: n.optional(3)?.type ?? x.type, shape: channels };
  return [{ type: x.type, shape: x.shape }, statistic, statistic, statistic, statistic];
}

/** Mean and inverse deviation have ones in place of the normalised axes. */
export function layerNormalization(statistics: ElementType): Rule {
  return (n) => {
    const { type, shape } = n.input(0);
    const axis = n.axis(n.int('axis', -1), shape.length);
    const kept = shape.map((d, a) => (a < axis ? d : 1));
    return [
      { type, shape },
      { type: statistics, shape: kept },
      { type: statistics, shape: kept },
    ];
  };
}

export const normalisationRules: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: like,
  GroupNormalization: like,
  LayerNormalization: layerNormalization('float32'),
  RMSNormalization: like,
  // ONNX Runtime's own, but exporters put it into the standard domain.
  SimplifiedLayerNormalization: layerNormalization('float32'),
};
