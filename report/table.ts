// A table under a chart: the same numbers for those who read rather than look, folded away on screen and open in print.
import { Html, type HtmlValue, html } from './html.ts';

export interface Column<Row> {
  readonly title: string;
  /** The text of a cell, or finished HTML. */
  readonly cell: (row: Row) => HtmlValue;
  readonly text?: boolean;
}

/** Rows beyond this are left out, and the caption says so: a report must stay small for thousands of targets. */
const mostRows = 200;

/** The first column names the row. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const heads = columns.map((c) => html`<th scope="col"${c.text ? textClass : undefined}>${c.title}</th>`);
  const shown = rows.slice(0, mostRows);
  const all = rows.length > shown.length ? `${caption} (the first ${shown.length} of ${rows.length} rows)` : caption;
  const lines = shown.map((row) => html`<tr>${columns.map((column, i) => cellOf(column, row, i === 0))}</tr>\n`);
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption>${all}</caption><thead><tr>${heads}</tr></thead><tbody>
${lines}</tbody></table></div>`;
}

const textClass = new Html(' class="text"');

function cellOf<Row>({ cell, text }: Column<Row>, row: Row, isName: boolean): Html {
  if (isName) return html`<th scope="row"${text ? textClass : undefined}>${cell(row)}</th>`;
  return html`<td${text ? textClass : undefined}>${cell(row)}</td>`;
}

/** Content that opens with a click on its summary. */
export const folded = (summary: string, content: Html): Html =>
  html`<details><summary>${summary}</summary>${content}</details>`;
