// Shapes of ONNX Runtime's blocked operators (domain `com.microsoft.nchwc`) and of plain ones that run on blocked
// tensors. Channels are given in whole blocks.
import type { Known } from '#core/graph/inference/known.ts';
import type { Attribute } from '#core/graph/operator-graph.ts';
import { padded } from './facts.ts';

export function blockedOutput(
  operator: string,
  inputs: readonly (Known | undefined)[],
  attributes: Readonly<Record<string, Attribute>>,
  block: number,
): Known {
  const { type, shape } = inputs[0]!;
  const [batch = 1, channels = 1, ...space] = shape;
  const numbers = (name: string): readonly number[] => (attributes[name] as readonly number[] | undefined) ?? [];
  const isLast = attributes['channels_last'] === 1;
  switch (operator) {
    case 'ReorderInput':
      return { type, shape: padded(isLast ? [batch, shape.at(-1)!, ...shape.slice(1, -1)] : shape, block) };
    case 'ReorderOutput': {
      const plain = Number(attributes['channels']);
      return { type, shape: isLast ? [batch, ...space, plain] : [batch, plain, ...space] };
    }
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
      return { type, shape: [batch, channels, 1, 1] };
    case 'Upsample':
      return { type, shape: shape.map((d, i) => d * (numbers('scales')[i] ?? 1)) };
    case 'Concat':
      return { type, shape: [batch, inputs.reduce((sum, input) => sum + (input?.shape[1] ?? 0), 0), ...space] };
    case 'Conv':
    case 'MaxPool':
    case 'AveragePool': {
      const weight = operator === 'Conv' ? inputs[1]!.shape : undefined;
      const window = weight?.slice(2) ?? numbers('kernel_shape');
      const pads = numbers('pads');
      const outputs = space.map((size, i) => {
        const stride = numbers('strides')[i] ?? 1;
        if (String(attributes['auto_pad'] ?? '').startsWith('SAME')) return Math.ceil(size / stride);
        const reach = (window[i]! - 1) * (numbers('dilations')[i] ?? 1) + 1;
        const steps = (size + (pads[i] ?? 0) + (pads[i + space.length] ?? 0) - reach) / stride;
        return (attributes['ceil_mode'] === 1 ? Math.ceil(steps) : Math.floor(steps)) + 1;
      });
      return { type, shape: padded([batch, weight?.[0] ?? channels, ...outputs], block) };
    }
    default:
      // Elementwise; of two maps the larger, where a gate is broadcast.
      return { type, shape: shape.map((d, i) => Math.max(d, ...inputs.map((input) => input?.shape[i] ?? 1))) };
  }
}
