// What cachegrind counted over a whole program, from the file that it writes: lines `events:` with names and `summary:`
// with their totals in the same order (Valgrind's manual, "Cachegrind's file format").

/** Ir: instructions; Dr, Dw: reads and writes of data; I1, D1: first-level misses, LL: last-level ones, of each. */
const eventNames = ['Ir', 'I1mr', 'ILmr', 'Dr', 'D1mr', 'DLmr', 'Dw', 'D1mw', 'DLmw'] as const;
export type CachegrindTotals = Readonly<Record<(typeof eventNames)[number], number>>;

/** Undefined where one of the events has no total. Total. */
export function parseTotals(text: string): CachegrindTotals | undefined {
  const words = (label: string): string[] =>
    new RegExp(`^${label}: *(.+)$`, 'm').exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  const names = words('events');
  const counts = words('summary').map((word) => (/^\d+$/.test(word) ? Number(word) : Number.NaN));
  const totals = eventNames.map((name) => [name, counts[names.indexOf(name)] ?? Number.NaN] as const);
  if (totals.some(([, count]) => Number.isNaN(count))) return undefined;
  return Object.fromEntries(totals) as CachegrindTotals;
}
