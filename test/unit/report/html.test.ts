import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeHtml, Html, html } from '#report/html.ts';

test('texts are escaped, markup of a template is not', () => {
  const inner = html`<b>${'a < b & "c"'}</b>`;
  expect(html`<p title="${"it's"}">${inner}${[inner, html`!`]}${3}${undefined}</p>`.text).toBe(
    '<p title="it&#39;s"><b>a &lt; b &amp; &quot;c&quot;</b><b>a &lt; b &amp; &quot;c&quot;</b>!3</p>',
  );
  expect(new Html('<i>').text).toBe('<i>');
});

test('no text gives markup, ends an attribute or makes the page ill-formed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeHtml(text);
      expect(escaped).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      expect(escaped.isWellFormed()).toBe(true);
    }),
  );
});

test('characters that HTML does not allow are replaced, line ends and tabs are kept', () => {
  expect(escapeHtml('a\u0000b\u001b\u0085\ud800c\n\td')).toBe('a\ufffdb\ufffd\ufffd\ufffdc\n\td');
});
