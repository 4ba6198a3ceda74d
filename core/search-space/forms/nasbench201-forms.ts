// NAS-Bench-201 cells as other tools name them: by their index in the benchmark (NAS-Bench-201, NATS-Bench,
// HW-NAS-Bench), by NASLib's `op_indices`, by operation numbers in the order of the text, and by NATS-Bench's nested
// lists.
import {
  edgeCount,
  enumerateCells,
  formatCell,
  nasbench201Edges,
  nasbench201Operations,
  parseCell,
} from '../nasbench201/cell.ts';
import { type ArchitectureForm, notOfForm, readIndices } from './form.ts';
import { shuffledAsPython } from './mersenne-twister.ts';

/** NAS-Bench-201 numbers its cells after `random.seed(88)` and `random.shuffle` (Dong and Yang 2020, AutoDL-Projects,
 * `exps/NAS-Bench-201/main.py`); NATS-Bench and HW-NAS-Bench kept the numbers. Made when first asked for. */
let byIndex: readonly string[] | undefined;
let indexOf: ReadonlyMap<string, number> | undefined;

const cellsByIndex = (): readonly string[] => {
  byIndex ??= shuffledAsPython([...enumerateCells()].map(formatCell), 88);
  return byIndex;
};

const indexForm: ArchitectureForm = {
  name: 'index',
  of: 'NAS-Bench-201, NATS-Bench (tss) and HW-NAS-Bench',
  example: '773',
  read(value) {
    const text = typeof value === 'number' ? cellsByIndex()[value] : undefined;
    if (text === undefined) throw notOfForm('index', 'the index', value, 'a whole number from 0 to 15624');
    return parseCell(text);
  },
  write(cell) {
    indexOf ??= new Map(cellsByIndex().map((text, index) => [text, index]));
    return indexOf.get(formatCell(cell))!;
  },
};

const choiceOf = (name: string): number =>
  nasbench201Operations.indexOf(name as (typeof nasbench201Operations)[number]);

/** NASLib goes through the edges by where they begin, the text by where they end: which edge of the text each is. */
const naslibEdges = nasbench201Edges
  .map(({ from, to }, edge) => ({ from, to, edge }))
  .toSorted((a, b) => a.from - b.from || a.to - b.to)
  .map(({ edge }) => edge);
const naslibOperations = ['skip_connect', 'none', 'nor_conv_3x3', 'nor_conv_1x1', 'avg_pool_3x3'] as const;

const naslibForm: ArchitectureForm = {
  name: 'naslib',
  of: 'NASLib (op_indices)',
  example: '(1, 2, 4, 2, 4, 2)',
  read(value) {
    const names = readIndices(value, { form: 'naslib', part: 'edge', names: naslibOperations, count: edgeCount });
    const cell = new Uint8Array(edgeCount);
    for (const [at, name] of names.entries()) cell[naslibEdges[at]!] = choiceOf(name);
    return cell;
  },
  write: (cell) =>
    naslibEdges.map((edge) => naslibOperations.indexOf(nasbench201Operations[cell[edge]!]! as never) as number),
};

const choicesForm: ArchitectureForm = {
  name: 'choices',
  of: 'AutoDL-Projects and searches that number the operations in the order of the benchmark',
  example: '(0, 3, 3, 4, 4, 3)',
  read: (value) =>
    Uint8Array.from(
      readIndices(value, { form: 'choices', part: 'edge', names: nasbench201Operations, count: edgeCount }),
      choiceOf,
    ),
  write: (cell) => Array.from(cell),
};

const nested = 'three nodes of one, two and three pairs (operation, from), from counting up from 0';

const genotypeForm: ArchitectureForm = {
  name: 'genotype',
  of: 'NATS-Bench (Structure, str2lists)',
  example:
    "[(('none', 0),), (('nor_conv_3x3', 0), ('nor_conv_3x3', 1)), " +
    "(('avg_pool_3x3', 0), ('avg_pool_3x3', 1), ('nor_conv_3x3', 2))]",
  read(value) {
    if (!Array.isArray(value) || value.length !== 3) throw notOfForm('genotype', 'the list', value, nested);
    return Uint8Array.from(value.flatMap((node: unknown, at) => readNode(node, at + 1)));
  },
  write(cell) {
    const nodes: unknown[][] = [[], [], []];
    for (const [edge, { from, to }] of nasbench201Edges.entries()) {
      nodes[to - 1]!.push([nasbench201Operations[cell[edge]!], from]);
    }
    return nodes;
  },
};

function readNode(node: unknown, to: number): number[] {
  if (!Array.isArray(node) || node.length !== to) throw notOfForm('genotype', `node ${to}`, node, nested);
  return node.map((pair: unknown, from) => {
    const [name, source] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : [];
    const choice = typeof name === 'string' ? choiceOf(name) : -1;
    if (choice < 0 || source !== from) {
      const allowed = `(operation, ${from}), the operation one of ${nasbench201Operations.join(', ')}`;
      throw notOfForm('genotype', `edge ${from}→${to}`, pair, allowed);
    }
    return choice;
  });
}

export const nasbench201Forms: readonly ArchitectureForm[] = [indexForm, naslibForm, choicesForm, genotypeForm];
