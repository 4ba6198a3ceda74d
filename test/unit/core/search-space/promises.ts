// What every search space promises, as tests of one. They run for each space in the list, and for the throw-away
// example of the recipe (test/unit/recipes).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { profileLimits } from '#core/dataset/profile.ts';
import { DomainError } from '#core/errors.ts';
import { inferTensors } from '#core/graph/complete-graph.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { seededRandom } from '#core/random.ts';
import {
  describeBlocks,
  describeNetwork,
  describeOperator,
  operatorKeys,
} from '#core/search-space/network/describe.ts';
import { usualInputSize } from '#core/search-space/network/input-size.ts';
import type { Network } from '#core/search-space/network/network.ts';
import type { SearchSpace } from '#core/search-space/search-space.ts';

export function refusal(run: () => unknown): DomainError {
  try {
    run();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

/** Texts near the valid ones: the space's words in any order, and valid texts with a part replaced. */
function nearTexts({ example, textUnits }: SearchSpace<string>): fc.Arbitrary<string> {
  const spliced = fc
    .tuple(fc.nat(example.length), fc.nat(4), fc.string({ maxLength: 4 }))
    .map(([at, removed, inserted]) => example.slice(0, at) + inserted + example.slice(at + removed));
  return fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...textUnits), { maxLength: 45 }).map((parts) => parts.join('')),
    spliced,
  );
}

export function promisesOf(space: SearchSpace<string>): void {
  describe(`${space.id}: text`, () => testText(space));
  describe(`${space.id}: networks`, () => testNetworks(space));
}

function testText(space: SearchSpace<string>): void {
  test('the example is valid and canonical', () => {
    expect(space.format(space.parse(space.example))).toBe(space.example);
  });

  test('property: any text is either an architecture that prints back, or a refusal', () => {
    fc.assert(
      fc.property(nearTexts(space), (text) => {
        let architecture: Uint8Array;
        try {
          architecture = space.parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          expect((error as DomainError).code).toBe('invalid-architecture');
          expect((error as DomainError).message).toMatch(/allowed: /);
          expect((error as DomainError).message.length).toBeLessThan(1500);
          return;
        }
        expect(space.format(architecture)).toBe(text.trim());
      }),
      { numRuns: 400 },
    );
  });

  test('white space around a text does not matter', () => {
    for (const text of [` ${space.example}`, `\t${space.example} \r\n`, `\ufeff${space.example}\u00a0`]) {
      expect(space.format(space.parse(text))).toBe(space.example);
    }
  });

  test('a huge text is refused without being echoed', () => {
    expect(refusal(() => space.parse('|'.repeat(1_000_000))).message.length).toBeLessThan(500);
  });

  test('samples are valid, differ, and follow the seed', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 50 }, () => space.format(space.sample(random)));
    };
    for (const text of draw(1)) expect(space.format(space.parse(text))).toBe(text);
    expect(draw(1)).toEqual(draw(1));
    expect(new Set([...draw(1), ...draw(2)]).size).toBeGreaterThan(95);
  });

  test.skipIf(space.shippedTable === null)(
    'every row of the shipped table prints back as it was, all different',
    () => {
      const table = gunzipSync(readFileSync(new URL(`../../../../data/latency-${space.id}.csv.gz`, import.meta.url)));
      const texts = table
        .toString('utf8')
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => (line.startsWith('"') ? line.slice(1, line.indexOf('"', 1)) : line.slice(0, line.indexOf(','))));
      expect(texts.length).toBeGreaterThan(space.shippedTable!.testRows.last);
      expect(new Set(texts).size).toBe(texts.length);
      expect(texts.map((text) => space.format(space.parse(text)))).toEqual(texts);
    },
  );

  test('texts are made of the space’s words and fit into a profile', () => {
    const random = seededRandom(8);
    const longestFirst = space.textUnits.toSorted((a, b) => b.length - a.length);
    for (let i = 0; i < 200; i++) {
      const text = space.format(space.sample(random));
      expect(text.length).toBeLessThanOrEqual(profileLimits.architectureLength);
      let rest = text;
      while (rest !== '') {
        const word = longestFirst.find((unit) => rest.startsWith(unit));
        expect(word, `${rest} of ${text}`).toBeTruthy();
        rest = rest.slice(word!.length);
      }
    }
  });
}

function testNetworks(space: SearchSpace<string>): void {
  const { inputSizes } = space.networks;
  const usual = usualInputSize(space);
  const at = (inputSize: number | null) =>
    describeNetwork(space, space.parse(space.example), { inputSize, batchSize: 1 });

  test('its blocks, one after another, are the network', () => {
    const random = seededRandom(3);
    const options = { inputSize: usual, batchSize: 2 };
    const known = new Map<string, string>();
    for (let i = 0; i < 40; i++) {
      const architecture = space.sample(random);
      const whole = describeNetwork(space, architecture, options);
      const blocks = describeBlocks(space, architecture, options);
      const parts = blocks.map(({ count, network }) => ({ count, network: network() }));
      expect(parts.flatMap(({ count, network: { graph } }) => Array(count).fill(anonymous(graph)).flat())).toEqual(
        anonymous(whole.graph),
      );
      const sum = (of: (network: Network) => number): number =>
        parts.reduce((total, { count, network }) => total + count * of(network), 0);
      expect(sum(({ parameters }) => parameters)).toBe(whole.parameters);
      expect(sum(({ macs }) => macs)).toBe(whole.macs);
      // Equal keys, equal graphs, whichever architecture they come from.
      for (const { key, network } of blocks) {
        const graph = JSON.stringify(network().graph);
        expect(known.get(key) ?? graph).toBe(graph);
        known.set(key, graph);
      }
    }
    // And different ones where anything differs: no two keys share a graph (names of graphs aside).
    const bare = [...known.values()].map((graph) => JSON.stringify({ ...JSON.parse(graph), name: '' }));
    expect(new Set(bare).size).toBe(known.size);
  });

  test('its shapes are those that follow from its operators', () => {
    const random = seededRandom(12);
    for (let i = 0; i < 10; i++) {
      const { graph } = describeNetwork(space, space.sample(random), { inputSize: usual, batchSize: 3 });
      const { nodes, inputs, constants, opset, tensors } = graph;
      expect(inferTensors(nodes, inputs, constants, opset)).toEqual(tensors);
    }
  });

  test('input sizes that the networks cannot have are refused', () => {
    expect(at(usual).graph.nodes.length).toBeGreaterThan(0);
    if (inputSizes === null) {
      expect(refusal(() => at(224)).message).toMatch(/states its own/);
      return;
    }
    const { smallest, largest, step } = inputSizes;
    for (const size of [smallest, smallest + step, largest]) expect(at(size).graph.inputs[0]!.shape[2]).toBe(size);
    for (const size of [smallest - step, smallest + step / 2, largest + step, 0, -step, Number.NaN]) {
      expect(refusal(() => at(size)).message).toMatch(/allowed: /);
    }
    expect(refusal(() => at(null)).message).toMatch(/no input size given/);
  });

  test('descriptor operators have keys that a profile takes, and are networks', () => {
    const keys = operatorKeys(space);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) {
      expect(key).toMatch(/^[a-z0-9]+\/[a-z0-9_]+$/);
      const { graph } = describeOperator(space, key, { inputSize: usual, batchSize: 1 });
      expect(graph.nodes.length).toBeGreaterThan(0);
    }
    expect(refusal(() => describeOperator(space, 'no/such', { inputSize: usual, batchSize: 1 })).code).toBe(
      'invalid-request',
    );
  });
}

const shapesOf = ({ inputs, constants, tensors }: OperatorGraph): Map<string, readonly number[]> =>
  new Map([...inputs, ...constants, ...tensors].map(({ name, shape }) => [name, shape]));

/** Nodes without the names of their tensors: operator, attributes, shapes of what goes in and comes out. */
const anonymous = (graph: OperatorGraph): unknown[] => {
  const shapes = shapesOf(graph);
  const look = (names: readonly string[]) => names.map((name) => shapes.get(name));
  return graph.nodes.map(({ operator, inputs, outputs, attributes }) => ({
    operator,
    attributes,
    inputs: look(inputs),
    outputs: look(outputs),
  }));
};
