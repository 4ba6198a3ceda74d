import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isConnectedCell } from '#core/search-space/nasbench201/connected-cell.ts';
import { nasbench201 } from '#core/search-space/nasbench201/space.ts';
import vectors from '../../../../fixtures/reference/nasbench201.json' with { type: 'json' };

const cells = fc.uint8Array({ min: 0, max: 4, minLength: 6, maxLength: 6 });
const allCells = [...nasbench201.enumerate!()];

test('parses the reference cells to the same choices and prints them back', () => {
  for (const { text, choices } of vectors.architectures) {
    expect([...nasbench201.parse(text)]).toEqual(choices);
    expect(nasbench201.format(nasbench201.parse(text))).toBe(text);
  }
});

test('the reference calls the same cells connected', () => {
  for (const { text, connected } of vectors.architectures) {
    expect(nasbench201.isConnected(nasbench201.parse(text))).toBe(connected);
  }
});

test('enumerates 15,625 distinct cells', () => {
  expect(allCells).toHaveLength(15_625);
  expect(new Set(allCells.map(nasbench201.format)).size).toBe(15_625);
});

test('a cell is connected exactly where some path has no none', () => {
  for (const cell of allCells) {
    const [e01, e02, e12, e03, e13, e23] = [...cell].map((choice) => choice !== 0);
    expect(isConnectedCell(cell)).toBe(e03 || (e01 && e13) || (e02 && e23) || (e01 && e12 && e23));
  }
});

test('property: choices and text round-trip', () => {
  fc.assert(
    fc.property(cells, (cell) => {
      expect(nasbench201.parse(nasbench201.format(cell))).toEqual(cell);
    }),
  );
});
