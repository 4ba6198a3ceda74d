// A chart with what belongs to it: heading, legend, sentence, and the table of its numbers.
import { type Chart, drawChart } from './chart.ts';
import { type Html, html } from './html.ts';

export interface LegendEntry {
  readonly label: string;
  /** Name of a swatch class in the style sheet. */
  readonly swatch: string;
}

export interface Figure extends Chart {
  /** A line under the title. */
  readonly note?: string | undefined;
}

/** A drawing with its title and note. */
export async function figure(drawn: Figure): Promise<Html> {
  const svg = await drawChart(drawn);
  const note = drawn.note === undefined ? undefined : html`<span class="note">${drawn.note}</span>`;
  return html`<figure><figcaption><strong>${drawn.title}</strong>${note}</figcaption>${svg}</figure>`;
}

/** What the colours of a drawing mean. */
export const legend = (entries: readonly LegendEntry[]): Html =>
  html`<ul class="legend">${entries.map((e) => html`<li><span class="swatch ${e.swatch}" aria-hidden="true"></span>${e.label}</li>`)}</ul>`;

/** A section of the page under a heading; parts that are undefined are left out. */
export const section = (id: string, title: string, ...content: readonly (Html | undefined)[]): Html =>
  html`<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${title}</h2>
${content.filter((c) => c !== undefined)}</section>
`;
