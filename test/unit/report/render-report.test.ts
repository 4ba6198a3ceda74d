// The report as text: its sections, its numbers, that texts of the input stay texts, that it is small and always the
// same.
import { describe, expect, test } from 'vitest';
import { heldOutPredictionsSchema } from '#core/predictors/card.ts';
import { reportInputSchema } from '#core/predictors/report-input.ts';
import { renderReport } from '#report/render-report.ts';
import { reportInput, score, withCard, withEvaluation, workload } from '../../fixtures/report-input.ts';

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((m) => m[1]!);
const sectionsOf = (html: string) => all(html, /<section id="([^"]+)"/g);
const chartsOf = (html: string) => all(html, /<svg class="chart" id="([^"]+)"/g);
/** Cells of the table with a caption that starts so, row by row, tags removed. */
function tableOf(html: string, caption: string): string[][] {
  const table = html.split('<table>').find((part) => part.startsWith(`<caption>${caption}`));
  if (!table) throw new Error(`no table '${caption}'`);
  const body = table.slice(table.indexOf('<tbody>'), table.indexOf('</tbody>'));
  return all(body, /<tr>(.*?)<\/tr>/gs).map((row) =>
    all(row, /<t[hd][^>]*>(.*?)<\/t[hd]>/gs).map((cell) => cell.replace(/<[^>]*>/g, '')),
  );
}

const report = await renderReport(reportInput);

test('the fixture is a valid input', () => {
  expect(reportInputSchema.parse(reportInput)).toEqual(reportInput);
});

describe('what is in it', () => {
  test('every section, in order', () => {
    expect(sectionsOf(report)).toEqual([
      'decision',
      'scatter',
      'errors',
      'targets',
      'learning',
      'coverage',
      'loss-curve',
      'limits',
      'lineage',
    ]);
  });

  test('every chart has a title and a description of its own, and ids are unique', () => {
    const charts = chartsOf(report);
    expect(charts).toEqual([
      'scatter-0',
      'scatter-1',
      'scatter-2',
      'error-histogram',
      'error-strips',
      'targets-spearman',
      'targets-within5',
      'targets-within10',
      'learning-medianApe',
      'learning-within10',
      'coverage-reliability',
      'coverage-targets',
      'loss',
    ]);
    for (const id of charts) {
      expect(report).toMatch(new RegExp(`<title id="${id}-title">[^<]+</title><desc id="${id}-desc">[^<]{20,}</desc>`));
      expect(report).toContain(`role="img" aria-labelledby="${id}-title ${id}-desc"`);
    }
    const ids = all(report, / id="([^"]+)"/g);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('one document with one heading, and sections that their headings name', () => {
    expect(report).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(all(report, /<(h1)>/g)).toHaveLength(1);
    for (const id of sectionsOf(report)) {
      expect(report).toContain(`<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">`);
    }
  });

  test('a measurement gone wrong does not take the room of the others', async () => {
    const [target] = reportInput.predictions;
    const ms = Array.from({ length: 300 }, (_, i) => 10 + i / 30);
    const measuredMs = ms.map((value, i) => (i === 0 ? 0.001 : value));
    const odd = { ...reportInput, predictions: [{ ...target!, measuredMs, predictedMs: ms }] };
    const html = await renderReport(odd);
    expect(html).toContain('; 1 dot beyond the axes, drawn at the edge');
    // Ticks of the axes as drawn: nothing near the odd one.
    const chart = html.slice(html.indexOf('id="scatter-0"'), html.indexOf('id="error-histogram"'));
    expect(
      all(chart, />([\d.]+)<\/text>/g)
        .map(Number)
        .filter((tick) => tick < 5),
    ).toEqual([]);
    expect(report).not.toContain('beyond the axes');
  });

  test('the headline: means over devices, not over targets', () => {
    // After 10: board .71; phone (.81 + .91) / 2 = .86; their mean .785. The champion has .05 less everywhere.
    expect(report).toContain('On average over 2 devices (3 targets) it never saw in training, after 10 chosen');
    expect(report).toContain('78.5 % of its predictions are within ±10 %');
    expect(report).toContain('<dd>78.5 %</dd><dd class="aside better">+5.0 points to the champion</dd>');
    expect(report).toContain('<dd>0.950</dd><dd class="aside worse">−0.001 to the champion</dd>');
    expect(report).toContain('<dt>Worst device, within ±10 %</dt><dd>71.0 %</dd><dd class="aside">board</dd>');
  });

  test('the decision with its reasons and differences', () => {
    expect(report).toContain('Why it was promoted');
    expect(report).toContain('<li>Better beyond noise on the mean.</li>');
    expect(tableOf(report, 'This predictor less the champion')).toEqual([
      ['Within ±10 %', '+5.0 points', '+2.0 points to +8.0 points', '2'],
      ['Median error', '−1.1 points', '−2.0 points to +0.1 points', '2'],
    ]);
  });

  test('targets worst first, each with its difference to the champion', () => {
    const rows = tableOf(report, 'Accuracy of each target after 10 chosen measurements');
    expect(rows.map((row) => row[0])).toEqual(['board-cpu', 'phone-b1', 'phone-b32']);
    expect(rows[0]).toEqual([
      'board-cpu',
      '0.950 −0.001',
      '60.0 % ±0.0 points',
      '71.0 % +5.0 points',
      '0.940 ±0.000',
      '4.0 % ±0.0 points',
      '90.0 % ±0.0 points',
    ]);
    expect(tableOf(report, 'Means over the targets of each device').map((row) => [row[0], row[1], row[4]])).toEqual([
      ['board', '1', '71.0 % +5.0 points'],
      ['phone', '2', '86.0 % +5.0 points'],
    ]);
  });

  test('percentiles of the error', () => {
    // Of ten sorted errors the median lies between the fifth and the sixth, the 25th percentile a quarter above the
    // third.
    expect(tableOf(report, 'Relative error')[0]).toEqual([
      'board-cpu',
      '−12.0 %',
      '−9.7 %',
      '−3.5 %',
      '±0.0 %',
      '+3.5 %',
      '+11.8 %',
      '+15.0 %',
    ]);
    expect(report).toContain('30 predictions, 80.0 % within ±10 %');
  });

  test('accuracy by fifths of the latency', () => {
    // Errors of the fastest two are −12 and −7 %, of the slowest +8 and +15 %.
    expect(tableOf(report, 'Share within ±10 %')[0]).toEqual([
      'board-cpu',
      '50.0 % (9.5 %)',
      '100.0 % (3.0 %)',
      '100.0 % (1.0 %)',
      '100.0 % (3.0 %)',
      '50.0 % (11.5 %)',
    ]);
  });

  test('the learning curve of every model, a missing metric as a dash', () => {
    const rows = tableOf(report, 'Means over the devices');
    expect(rows).toHaveLength(12);
    expect(rows[0]).toEqual([
      'this predictor, architectures it chose',
      '3',
      '4.0 %',
      '60.0 %',
      '77.8 %',
      '0.950',
      '90.0 %',
    ]);
    expect(rows.at(-1)!.slice(4)).toEqual(['30.0 %', '–', '90.0 %']);
  });

  test('coverage, loss, lineage and limits', () => {
    expect(tableOf(report, 'Share of measurements inside')[0]).toEqual(['board-cpu', '45.0 %', '93.0 %']);
    expect(tableOf(report, 'Training loss')).toEqual([
      ['400', '−1.5000'],
      ['800', '−2.1250'],
    ]);
    expect(report).toContain('<dt>Content hash</dt><dd>0123456789abcdef');
    expect(report).toContain('<dt>Training</dt><dd>800 steps, seed 7, 41 seconds</dd>');
    expect(report).toContain('<dd>1,750 measurements of 2 targets on 1 device</dd>');
    expect(tableOf(report, 'Targets trained on')[1]).toEqual(['server-b32', 'server', '850']);
    expect(report).toContain('<li>No accelerator was in the pool.</li>');
    expect(tableOf(report, 'Targets with too few')).toEqual([['watch-cpu']]);
  });
});

describe('what is not in it', () => {
  test('nothing from elsewhere and nothing that runs', () => {
    expect(report).not.toMatch(/<(script|link|img|iframe|object|embed|form|base)\b/i);
    expect(report).not.toMatch(/\s(src|href|xlink:href|on\w+)=/i);
    expect(report).not.toMatch(/url\(|@import|@font-face/);
    expect(
      report.replaceAll('http://www.w3.org/2000/svg', '').replaceAll('http://www.w3.org/1999/xlink', ''),
    ).not.toMatch(/https?:/);
    expect(report).toContain('content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;');
  });

  const hostile = [
    '</title></svg><script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it must not be taken for one
    '${alert(1)} &lt; {"signal": "alert(1)"}',
    '\u0000\u001b[31m\ud800 datum.value',
  ];
  const shell = (html: string) =>
    html.replace(/>[^<]*/g, '>').replace(/ (id|class|d|transform|aria-\w+|width|height|viewBox)="[^"]*"/g, '');
  for (const text of hostile) {
    test(`${JSON.stringify(text)} stays text wherever it stands`, async () => {
      const evaluation = reportInput.card.evaluation!;
      const rename = <T extends { target: string }>(rows: readonly T[]): T[] =>
        rows.map((row) => (row.target === 'board-cpu' ? { ...row, target: text } : row));
      const { card } = withEvaluation({
        protocol: text,
        scores: rename(evaluation.scores).map((s) => (s.device === 'board' ? { ...s, device: text } : s)),
        coverage: rename(evaluation.coverage),
        notEvaluated: [text],
      });
      const attacked = await renderReport({
        card: {
          ...card,
          version: text,
          hash: text,
          runId: text,
          champion: { version: text },
          decision: { outcome: 'promoted', reasons: [text] },
          training: { ...card.training, targets: [text, text], dataHash: text },
          snapshot: { ...card.snapshot!, id: text },
          limits: [text],
        },
        predictions: rename(reportInput.predictions),
      });
      const plain = await renderReport({ ...reportInput, card: { ...reportInput.card, runId: 'run' } });
      // The same elements with the same attributes as with harmless names, in the same order.
      expect(all(attacked, /<([a-z]+)\b/gi)).toEqual(all(plain, /<([a-z]+)\b/gi));
      expect(shell(attacked)).toBe(shell(plain));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(attacked)).toBe(false);
      expect(attacked.isWellFormed()).toBe(true);
    });
  }
});

describe('the same input gives the same bytes', () => {
  test('again, after another report, and from a copy', async () => {
    await renderReport(withCard({ version: 'other' }));
    expect(await renderReport(structuredClone(reportInput))).toBe(report);
  });

  test('two at once do not meet', async () => {
    const other = withEvaluation({ shown: { measurements: 3, selection: 'random' } });
    const [one, two] = await Promise.all([renderReport(reportInput), renderReport(other)]);
    expect(one).toBe(report);
    expect(two).toBe(await renderReport(other));
    expect(two).toContain('after 3 random measurements');
  });

  test('the input is left as it was', async () => {
    const before = structuredClone(reportInput);
    await renderReport(reportInput);
    expect(reportInput).toEqual(before);
  });
});

describe('less to show', () => {
  test('a predictor without an evaluation has its lineage', async () => {
    const {
      evaluation: _,
      decision: __,
      champion: ___,
      learningCurve: ____,
      limits: _____,
      ...plain
    } = reportInput.card;
    const html = await renderReport({ card: plain, predictions: [] });
    expect(sectionsOf(html)).toEqual(['lineage']);
    expect(html).toContain('It has not been evaluated on any device');
    expect(html).toContain('there was no champion then');
  });

  test('an evaluation of nothing', async () => {
    const html = await renderReport({
      ...withEvaluation({ scores: [], differences: [], coverage: [], notEvaluated: [] }),
      predictions: [{ target: 'empty', ...workload, measuredMs: [], predictedMs: [] }],
    });
    expect(sectionsOf(html)).toEqual(['decision', 'loss-curve', 'limits', 'lineage']);
  });

  test('no champion: nothing is compared', async () => {
    const { champion: _, ...card } = withEvaluation({
      scores: reportInput.card.evaluation!.scores.filter((s) => s.model !== 'champion'),
      differences: [{ metric: 'within10', against: 'ridge', devices: 2, difference: 0.4, low: 0.3, high: 0.5 }],
    }).card;
    const html = await renderReport({ ...reportInput, card });
    expect(html).toContain('There was no champion to compare with.');
    expect(html).not.toContain('to the champion');
    expect(html).not.toContain('swatch champion');
    expect(tableOf(html, 'This predictor less ridge regression')[0]![1]).toBe('+40.0 points');
  });

  test('one device with one target and one number of measurements', async () => {
    const html = await renderReport({
      ...withEvaluation({ scores: [score({})], differences: [], coverage: [] }),
      predictions: [{ target: 'board-cpu', ...workload, measuredMs: [4], predictedMs: [4] }],
    });
    expect(sectionsOf(html)).toEqual(['decision', 'scatter', 'errors', 'targets', 'loss-curve', 'limits', 'lineage']);
    expect(html).toContain('On a device it never saw in training');
    expect(html).not.toContain('Worst device');
    expect(html).not.toContain('The same by device');
    expect(html).not.toContain('NaN');
  });

  test('metrics that do not exist are dashes', async () => {
    const none = {
      spearman: null,
      spearmanTrimmed: null,
      within5: null,
      within10: null,
      medianApe: null,
      coverage90: null,
    };
    const html = await renderReport(
      withEvaluation({ scores: reportInput.card.evaluation!.scores.map((s) => ({ ...s, ...none })) }),
    );
    expect(tableOf(html, 'Accuracy of each target')[0]!.slice(1)).toEqual(['–', '–', '–', '–', '–', '–']);
    expect(html).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  test('a latency range of three decades gets logarithmic axes', async () => {
    const html = await renderReport({
      ...reportInput,
      predictions: [
        { target: 'board-cpu', ...workload, measuredMs: [0.1, 1, 10, 100], predictedMs: [0.1, 1.2, 10, 97] },
      ],
    });
    expect(html).toContain('4 architectures from 0.1 ms to 100 ms');
    expect(html).not.toContain('NaN');
  });
});

describe('more to show', () => {
  test('several search spaces and batch sizes: means of each, and rows that say what was run', async () => {
    const batch = { ...workload, batchSize: 32 };
    const ofa = { searchSpace: 'ofa', inputSize: null, batchSize: 1 } as const;
    const { scores } = reportInput.card.evaluation!;
    const candidate = scores.filter(
      (s) => s.model === 'candidate' && s.measurements === 10 && s.selection === 'chosen',
    );
    const again = candidate.flatMap((s) => [
      { ...s, ...batch, within10: 0.5 },
      { ...s, ...ofa, within10: 0.25 },
    ]);
    const html = await renderReport(withEvaluation({ scores: [...scores, ...again] }));
    const rows = html.slice(html.indexOf('id="search-spaces"')).split('<tr>');
    const rowOf = (name: string) => rows.find((row) => row.includes(`>${name}<`))!;
    expect(rowOf('nasbench201 ×32')).toContain('50.0 %');
    expect(rowOf('ofa ×1')).toContain('25.0 %');
    expect(html).toContain('nasbench201 ×32, board-cpu');
    expect(html).toContain('(9 pairs of target and workload)');
    // Of one workload nothing is said twice.
    expect(await renderReport(reportInput)).not.toContain('×1, board-cpu');
  });

  test('five hundred targets with long names and thousands of predictions stay below 1 MB', async () => {
    const names = Array.from(
      { length: 500 },
      (_, i) => `${'raspberry-pi-5-onnxruntime-cpu-t4-b1-fp32-'.repeat(2)}${i}`,
    );
    const { scores, coverage } = reportInput.card.evaluation!;
    const { card } = withEvaluation({
      scores: names.flatMap((target) =>
        scores.filter((s) => s.target === 'board-cpu').map((s) => ({ ...s, target, device: target })),
      ),
      coverage: names.flatMap((target) => coverage.slice(0, 2).map((c) => ({ ...c, target }))),
      notEvaluated: names,
    });
    const learningCurve = Array.from({ length: 5000 }, (_, i) => ({ step: i + 1, loss: -i / 1000 }));
    const measuredMs = Array.from({ length: 3000 }, (_, i) => 1 + i / 100);
    const predictions = names.map((target, n) => ({
      target,
      ...workload,
      measuredMs,
      predictedMs: measuredMs.map((ms, i) => ms * (1 + 0.1 * Math.sin(i * (n + 1)))),
    }));
    expect(heldOutPredictionsSchema.safeParse(predictions.slice(0, 1)).success).toBe(true);
    const training = { ...card.training, targets: names };
    const html = await renderReport({ card: { ...card, learningCurve, training }, predictions });
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
    expect(html).toContain('The 12 worst of 500 targets are drawn.');
    expect(html).toContain('the 30 worst of 500 targets');
    expect(html).toContain('(the first 200 of 500 rows)');
    // Thinned evenly: the fastest and the slowest architecture are still among the dots.
    expect(html).toContain('1000 architectures from 1 ms to 31 ms');
  });
});
