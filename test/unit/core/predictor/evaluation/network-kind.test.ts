// Kinds of networks, on models of the zoo whose kind their names say.
import { expect, test } from 'vitest';
import { networkKind } from '#core/predictor/evaluation/network-kind.ts';
import { readZoo } from '#scripts/zoo-models.ts';

const zoo = new Map(
  readZoo(new URL('../../../../../data/zoo/graphs.jsonl.gz', import.meta.url)).map((graph) => [graph.name, graph]),
);

test.each([
  ['lstm_speech_2x256', 'recurrent'],
  ['crnn_speech', 'recurrent'],
  ['bert_mini_64', 'transformer'],
  ['deit_tiny_patch16_224', 'transformer'],
  ['kws_conv1d', 'one-dimensional'],
  ['ae_toy_anomaly', 'one-dimensional'],
  ['unet_small_128', 'dense-output'],
  ['yolo_tiny_like_320', 'dense-output'],
  ['mobilenetv2_050', 'convolutional'],
  ['densenet121', 'convolutional'],
] as const)('%s is %s', (name, kind) => {
  expect(networkKind(zoo.get(name)!)).toBe(kind);
});
