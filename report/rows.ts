// Charts with one row a target: how many rows are drawn, how high, and their labels.
import type { Axis } from 'vega';

/** More rows than this are for the table. */
const mostRows = 30;
/** Few rows stand wider apart, so that a chart of three does not look lost. */
export const rowHeight = (rows: number): number => (rows <= 6 ? 40 : rows <= 14 ? 30 : 24);
/** Width kept for labels; longer ids are cut with an ellipsis. */
export const rowLabels = 170;

/** The first rows, as many as a drawing has room for. */
export const rowsDrawn = <T>(rows: readonly T[]): readonly T[] => rows.slice(0, mostRows);

/** A note for what is left out of a drawing; empty where nothing is. */
export const rowsNote = (rows: readonly unknown[]): string =>
  rows.length > mostRows ? `; the ${mostRows} worst of ${rows.length} targets` : '';

export const rowAxis: Axis = {
  scale: 'y',
  orient: 'left',
  domain: false,
  ticks: false,
  labelLimit: rowLabels - 14,
  labelPadding: 8,
};
