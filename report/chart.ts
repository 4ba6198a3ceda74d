// A Vega specification drawn as SVG text that stands inside the page: named for screen readers, coloured by the page's
// CSS variables so that one drawing serves light, dark and print. Vega (BSD-3-Clause) needs no DOM for it.
//
// Texts of the input go into a specification as data or as plain string values only, never into a Vega expression:
// expressions are code.
import { type Config, parse, type Spec, View } from 'vega';
import { allowedCharacters, Html, html } from './html.ts';

export interface Chart {
  /** Unique in the page: letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  /** What the drawing shows, for those who do not see it. */
  readonly description: string;
  readonly spec: Spec;
}

export const ink = 'var(--ink)';
export const muted = 'var(--muted)';
export const grid = 'var(--grid)';

const config: Config = {
  background: 'transparent',
  group: { stroke: 'transparent' },
  axis: {
    domainColor: grid,
    gridColor: grid,
    tickColor: grid,
    tickSize: 4,
    labelColor: muted,
    labelFontSize: 11,
    labelPadding: 4,
    titleColor: muted,
    titleFontSize: 11.5,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelOverlap: 'greedy',
  },
};

/** Sizes come from the specification alone (no measured text), so that charts beside each other line up. */
export async function drawChart(chart: Chart): Promise<Html> {
  const { axes = [], marks = [], data = [] } = chart.spec;
  const spec: Spec = {
    autosize: 'none',
    ...chart.spec,
    // Vega marks the rows it is given: it gets its own.
    data: structuredClone(data),
    // The whole drawing is one image with a title and a description; its parts are not announced one by one.
    axes: axes.map((axis) => ({ ...axis, aria: false })),
    marks: marks.map((mark) => ({ ...mark, aria: false })),
  };
  const view = new View(parse(spec, config), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  const opening = /^<svg [^>]*?viewBox="0 0 ([\d.]+) ([\d.]+)">/.exec(svg);
  if (!opening) throw new Error(`chart '${chart.id}': not the SVG that is expected of Vega: ${svg.slice(0, 200)}`);
  const [tag, width, height] = opening as unknown as [string, string, string];
  const { id, title, description } = chart;
  const body = new Html(allowedCharacters(svg.slice(tag.length)));
  return html`<svg class="chart" id="${id}" role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${body}`;
}
