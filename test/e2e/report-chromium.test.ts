// The report as a person sees it: opened in headless Chromium, in light and dark, wide, narrow and printed. Skipped
// where there is no Chromium.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderReport } from '#report/render-report.ts';
import { type Browser, findChromium, type Page, startChromium } from '../fixtures/chromium.ts';
import { reportInput } from '../fixtures/report-input.ts';

const chromium = findChromium();
if (!chromium) console.warn('report-chromium: skipped, there is no chromium or google-chrome on the search path');

interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Drawn things inside that have an extent. */
  readonly drawn: number;
}

const boxesOf = (page: Page): Promise<Box[]> =>
  page.evaluate(`[...document.querySelectorAll('svg.chart')].map((svg) => {
    const { width, height } = svg.getBoundingClientRect();
    const drawn = [...svg.querySelectorAll('.role-mark *')].filter((mark) => {
      const box = mark.getBoundingClientRect();
      return box.width > 0 || box.height > 0;
    });
    return { id: svg.id, width, height, drawn: drawn.length };
  })`);
const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
const emulate = (page: Page, media: 'screen' | 'print', scheme: 'light' | 'dark') =>
  page.send('Emulation.setEmulatedMedia', { media, features: [{ name: 'prefers-color-scheme', value: scheme }] });
/** Colours that a chart's line and the page really get. */
const coloursOf = (page: Page): Promise<string[]> =>
  page.evaluate(`[
    getComputedStyle(document.querySelector('#learning-within10 .mark-line path')).stroke,
    getComputedStyle(document.querySelector('#learning-within10 text')).fill,
    getComputedStyle(document.body).color,
    getComputedStyle(document.body).backgroundColor,
  ]`);

describe.skipIf(chromium === undefined)(`in Chromium${chromium ? '' : ' (skipped: there is none)'}`, () => {
  let folder: string;
  let url: string;
  let html: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sugarbush-report-'));
    const file = join(folder, 'report.html');
    url = pathToFileURL(file).href;
    html = await renderReport(reportInput);
    writeFileSync(file, html);
    browser = startChromium(chromium!);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  test('asks for nothing but itself and complains about nothing', async () => {
    const page = await browser.open(url, { width: 1200, height: 900 });
    expect(page.complaints).toEqual([]);
    expect(page.requests).toEqual([url]);
    expect(await page.evaluate('document.title')).toBe('0123456789abcdef: predictor report');
    expect(await page.evaluate('document.compatMode')).toBe('CSS1Compat');
  });

  test('what would run or load is refused by the page itself', async () => {
    const attacked = join(folder, 'attacked.html');
    writeFileSync(
      attacked,
      html.replace('</main>', '<script>window.ran = true</script><img src="http://127.0.0.1:9/x.png"></main>'),
    );
    const page = await browser.open(pathToFileURL(attacked).href, { width: 1200, height: 900 });
    expect(await page.evaluate('window.ran === undefined')).toBe(true);
    expect(page.complaints.join('\n')).toMatch(/Content Security Policy/);
  });

  test('every chart is there and drawn, with a name for those who do not see it', async () => {
    const page = await browser.open(url, { width: 1200, height: 900 });
    const boxes = await boxesOf(page);
    expect(boxes).toHaveLength(13);
    for (const { id, width, height, drawn } of boxes) {
      expect(width, id).toBeGreaterThan(200);
      expect(height, id).toBeGreaterThan(90);
      expect(drawn, id).toBeGreaterThanOrEqual(3);
    }
    await page.send('Accessibility.enable');
    const { nodes } = (await page.send('Accessibility.getFullAXTree')) as {
      nodes: { role?: { value: string }; name?: { value: string }; description?: { value: string } }[];
    };
    const images = nodes.filter((n) => n.role?.value === 'image');
    expect(images).toHaveLength(13);
    for (const image of images) expect(image.name?.value).toMatch(/^.{10,}$/);
  });

  for (const width of [1200, 700, 400]) {
    test(`${width} pixels wide it is not wider than the window`, async () => {
      const page = await browser.open(url, { width, height: 900 });
      await page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))");
      expect(await overflow(page)).toBeLessThanOrEqual(0);
    });
  }

  test('charts take the colours of light and dark, and print is light', async () => {
    const page = await browser.open(url, { width: 1200, height: 900 });
    await emulate(page, 'screen', 'light');
    const light = await coloursOf(page);
    expect(light[0]).toBe('rgb(31, 95, 153)');
    await emulate(page, 'screen', 'dark');
    const dark = await coloursOf(page);
    for (const [i, colour] of dark.entries()) expect(colour).not.toBe(light[i]);
    await emulate(page, 'print', 'dark');
    expect((await coloursOf(page)).slice(0, 3)).toEqual(light.slice(0, 3));
  });

  test('in print every folded table is open', async () => {
    const page = await browser.open(url, { width: 700, height: 900 });
    const heights =
      "[...document.querySelectorAll('details table')].map((t) => t.getClientRects().length && t.checkVisibility({ contentVisibilityAuto: true }))";
    expect(new Set(await page.evaluate<boolean[]>(heights))).toEqual(new Set([false]));
    await emulate(page, 'print', 'light');
    const shown = await page.evaluate<boolean[]>(heights);
    expect(shown.length).toBeGreaterThan(4);
    expect(new Set(shown)).toEqual(new Set([true]));
  });
});
