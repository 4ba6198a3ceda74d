// The NAS-Bench-201 cell (Dong and Yang 2020, arXiv 2001.00326): four nodes, an operation on each of the six edges, and
// the text that the benchmark writes for it.
import type { Random } from '#core/random.ts';
import { invalidArchitecture } from '../invalid-architecture.ts';
import type { Architecture } from '../search-space.ts';

export const nasbench201Title = 'NAS-Bench-201';

/** In the order of an architecture's choice indices: `none` is 0. */
export const nasbench201Operations = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'] as const;

/** Choice index of the operation that passes nothing on. */
export const NONE = 0;

/** Node 0 is the cell's input, node 3 its output. Grouped by target node, as in the text. */
export const nasbench201Edges = [
  { from: 0, to: 1 },
  { from: 0, to: 2 },
  { from: 1, to: 2 },
  { from: 0, to: 3 },
  { from: 1, to: 3 },
  { from: 2, to: 3 },
] as const;

export const edgeCount = nasbench201Edges.length;
const targetNodes = [1, 2, 3] as const;
const choiceOf = new Map<string, number>(nasbench201Operations.map((name, choice) => [name, choice]));

/** Cells met so far, by their place in the order of enumeration: a search names the same ones again and again. */
const met: { readonly text: string; readonly cell: Architecture }[] = [];

/**
 * A cell's six choices, one an edge, from its text: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|` as NAS-Bench-201 writes it
 * (Dong and Yang 2020, arXiv 2001.00326). The same text gives the same object, which nobody may change.
 * @throws DomainError `invalid-architecture`, naming the part that is wrong and what is allowed there
 */
export function parseCell(given: string): Architecture {
  const known = met[likelyPlace(given)];
  if (known?.text === given) return known.cell;
  const text = given.trim();
  const cell = readCell(text);
  met[placeOfCell(cell)] ??= { text, cell };
  return met[placeOfCell(cell)]!.cell;
}

/** Where edges' operations begin after the end of the one before, beyond `~0|`: a new node's have `+|` between. */
const gaps = [1, 5, 3, 5, 3, 3] as const;

/** Place of the cell that a text is of if it is of one; reads no more of it than tells the cells apart. */
function likelyPlace(text: string): number {
  let place = 0;
  let at = 0;
  for (let edge = 0; edge < edgeCount; edge++) {
    at += gaps[edge]!;
    const choice = likelyChoice(text, at);
    place = place * nasbench201Operations.length + choice;
    at += nasbench201Operations[choice]!.length;
  }
  return place;
}

/** By the letters in which the names differ. */
function likelyChoice(text: string, at: number): number {
  const letter = text.charCodeAt(at);
  if (letter === 0x73) return 1;
  if (letter === 0x61) return 4;
  if (text.charCodeAt(at + 2) === 0x6e) return NONE;
  return text.charCodeAt(at + 9) === 0x31 ? 2 : 3;
}

function readCell(text: string): Architecture {
  const nodes = text.split('+');
  if (nodes.length !== targetNodes.length) {
    const allowed = 'three nodes joined by "+", |op~0|+|op~0|op~1|+|op~0|op~1|op~2|';
    throw invalidArchitecture(nasbench201Title, 'the cell', text, allowed);
  }
  const cell = new Uint8Array(edgeCount);
  let edge = 0;
  for (const [position, to] of targetNodes.entries()) {
    const node = nodes[position]!;
    const inner = node.length >= 2 && node.startsWith('|') && node.endsWith('|') ? node.slice(1, -1).split('|') : [];
    if (inner.length !== to) {
      const allowed = `${to} operation${to > 1 ? 's' : ''} between bars, ${nodePattern(to)}`;
      throw invalidArchitecture(nasbench201Title, `node ${to}`, node, allowed);
    }
    for (const [from, part] of inner.entries()) {
      const suffix = `~${from}`;
      const choice = part.endsWith(suffix) ? choiceOf.get(part.slice(0, -suffix.length)) : undefined;
      if (choice === undefined) {
        const allowed = `${nasbench201Operations.join(', ')}, followed by "${suffix}"`;
        throw invalidArchitecture(nasbench201Title, `edge ${from}→${to}`, part, allowed);
      }
      cell[edge++] = choice;
    }
  }
  return cell;
}

function nodePattern(to: number): string {
  return `|${Array.from({ length: to }, (_, from) => `op~${from}`).join('|')}|`;
}

/** The canonical text of a cell. */
export function formatCell(cell: Architecture): string {
  let edge = 0;
  return targetNodes
    .map((to) => {
      const parts = Array.from({ length: to }, (_, from) => `${nasbench201Operations[cell[edge++]!]}~${from}`);
      return `|${parts.join('|')}|`;
    })
    .join('+');
}

/** A cell with each of its six operations drawn uniformly. */
export function sampleCell(random: Random): Architecture {
  return Uint8Array.from({ length: edgeCount }, () => random.integer(nasbench201Operations.length));
}

/** A cell's place among all cells: its choices as digits of base 5. */
export function placeOfCell(cell: Architecture): number {
  let place = 0;
  for (let edge = 0; edge < edgeCount; edge++) place = place * nasbench201Operations.length + cell[edge]!;
  return place;
}

/** All 5^6 = 15,625 cells; the last edge varies fastest. */
export function* enumerateCells(): IterableIterator<Architecture> {
  const base = nasbench201Operations.length;
  for (let place = 0; place < base ** edgeCount; place++) yield cellAtPlace(place);
}

/** The cell at a place among all cells, which placeOfCell tells. */
export function cellAtPlace(place: number): Architecture {
  const base = nasbench201Operations.length;
  const cell = new Uint8Array(edgeCount);
  for (let edge = edgeCount - 1, rest = place; edge >= 0; edge--, rest = Math.floor(rest / base)) {
    cell[edge] = rest % base;
  }
  return cell;
}
