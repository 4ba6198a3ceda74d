// What a browser gets at the address that `npm start` prints: what this is and where to go. One page without scripts,
// pictures or anything from elsewhere, and without tokens: whoever reaches the port can read it.

const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);

const style = `:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
code, pre { font: 14px/1.5 ui-monospace, monospace }
pre { padding: 1rem; overflow-x: auto; border: 1px solid color-mix(in srgb, currentcolor 25%, transparent) }`;

/**
 * @param address of the service, without a trailing slash
 * @returns a whole HTML document
 */
export function homePage(address: string): string {
  const shown = escaped(address);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sugarbush</title>
<style>
${style}
</style>
<h1>Sugarbush</h1>
<p>This is the HTTP API of Sugarbush, which predicts how long neural networks take on phones, boards and servers from
about ten measurements of each. It is meant for programs; there is nothing to click here.</p>
<h2>Where to go</h2>
<ul>
<li><a href="/openapi.json">openapi.json</a>: every request and reply, for people and for generators of clients.</li>
<li>The terminal in which <code>npm start</code> runs: how far a first start is, then the tokens and a request to
paste. The tokens also stand in <code>tokens.json</code> in the state folder, <code>.sugarbush</code> unless told
otherwise. Every request but those for this page, <code>/openapi.json</code> and <code>/v1/health</code> needs one.</li>
<li>The README and <code>docs/</code> of the project: what predictions are worth, and how to bring a device of your
own.</li>
</ul>
<h2>A first request</h2>
<pre>curl -s ${shown}/v1/search-spaces -H 'authorization: Bearer READER_TOKEN'
curl -s ${shown}/v1/targets -H 'authorization: Bearer READER_TOKEN'</pre>
</html>
`;
}
