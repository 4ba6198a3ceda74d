// The report of a predictor: one HTML file without scripts, fonts, images or anything else from elsewhere, made for a
// person to look at. A pure function of its input: the same input gives the same bytes.

import type { ReportInput } from '#core/predictors/report-input.ts';
import { comparisonSection } from './comparison.ts';
import { coverageSection } from './coverage.ts';
import { errorSection } from './error-distribution.ts';
import { decisionSection, headline } from './headline.ts';
import { Html, html } from './html.ts';
import { limitsSection, lineageSection } from './lineage.ts';
import { learningSection } from './measurements-curve.ts';
import { scatterSection } from './scatter.ts';
import { searchSpacesSection } from './search-spaces.ts';
import { style } from './style.ts';
import { lossSection } from './training-loss.ts';
import { viewOf } from './view.ts';

/** The whole file, below 1 MB for any number of targets. A section whose data is absent is left out. */
export async function renderReport(input: ReportInput): Promise<string> {
  const view = viewOf(input);
  const sections = [
    decisionSection(view),
    searchSpacesSection(view),
    await scatterSection(view),
    await errorSection(view),
    await comparisonSection(view),
    await learningSection(view),
    await coverageSection(view),
    await lossSection(view),
    limitsSection(view),
    lineageSection(view),
  ].filter((s) => s !== undefined);
  // Nothing is loaded and nothing runs, whatever a text in the input tries.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${input.card.version}: predictor report</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
${headline(view)}${sections}</main>
</body>
</html>
`.text;
}
