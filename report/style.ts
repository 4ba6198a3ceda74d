// The one style sheet of a report, light, dark and printed. Colours are chosen to differ in lightness as well as in
// hue, so that they can be told apart without colour vision; nothing is said by colour alone.

const light = `
  --paper: #fdfcf9; --card: #ffffff; --ink: #23211d; --muted: #635e55; --grid: #e4dfd5; --band: #efe9dc;
  --candidate: #1f5f99; --champion: #b4640b; --ridge: #8a8478;
  --good: #1f5f99; --fair: #4da3a0; --poor: #d2502f;
  --better: #1d6b42; --worse: #a83220; --accent: #b4640b;`;

const dark = `
  --paper: #191815; --card: #22211d; --ink: #f1ede4; --muted: #b1aa9c; --grid: #3b3832; --band: #34322b;
  --candidate: #7db9ea; --champion: #f0a64b; --ridge: #98917f;
  --good: #7db9ea; --fair: #58b8a8; --poor: #ff8560;
  --better: #7fd3a0; --worse: #ff9482; --accent: #f0a64b;`;

export const style = `
:root { color-scheme: light dark; ${light} }
@media screen and (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 48px 24px 72px; }
h1 { margin: 0 0 12px; font-size: 2.4rem; line-height: 1.15; letter-spacing: -0.02em; font-weight: 650; overflow-wrap: anywhere; }
h2 { margin: 0 0 6px; font-size: 1.4rem; letter-spacing: -0.01em; font-weight: 650; }
p { margin: 0 0 12px; max-width: 76ch; }
.eyebrow { margin: 0 0 4px; color: var(--accent); font-size: 0.8rem; font-weight: 650; letter-spacing: 0.09em; text-transform: uppercase; }
.version { color: var(--muted); font-weight: 400; }
.badge { display: inline-block; padding: 3px 12px; border-radius: 99px; font-size: 1rem; letter-spacing: 0; vertical-align: 0.35em; border: 1.5px solid; }
.badge.promoted { color: var(--better); } .badge.refused { color: var(--worse); }
.lead { font-size: 1.2rem; line-height: 1.5; }
.made, .note, .aside, caption, small { color: var(--muted); }
.made { font-size: 0.9rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(158px, 1fr)); gap: 12px; margin: 28px 0 0; }
.tile { padding: 14px 16px; background: var(--card); border: 1px solid var(--grid); border-radius: 10px; }
.tile dt { color: var(--muted); font-size: 0.83rem; line-height: 1.3; min-height: 1.3em; }
.tile dd { margin: 2px 0 0; font-size: 1.75rem; font-weight: 650; line-height: 1.25; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.tile dd.aside { font-size: 0.83rem; font-weight: 400; letter-spacing: 0; overflow-wrap: anywhere; }
.better, .tile dd.better { color: var(--better); } .worse, .tile dd.worse { color: var(--worse); }
section { margin-top: 52px; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: 0.95rem; line-height: 1.35; overflow-wrap: anywhere; margin-bottom: 4px; }
figcaption strong { font-weight: 600; }
.note { display: block; font-size: 0.83rem; }
.chart { display: block; width: auto; max-width: 100%; height: auto; }
.chart text { font-family: inherit; }
.squares { display: grid; grid-template-columns: repeat(auto-fill, minmax(252px, 1fr)); gap: 24px 16px; margin-top: 12px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 24px 32px; margin-top: 12px; }
.dots { display: flex; gap: 8px; margin: 12px 0; overflow-x: auto; } .dots figure { flex: none; }
.dots figure:first-child figcaption { padding-left: 39%; } .dots figure + figure figcaption { padding-left: 5%; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 0 0 8px; padding: 0; list-style: none; font-size: 0.88rem; color: var(--muted); }
.legend li { display: flex; align-items: center; gap: 7px; }
.swatch { width: 11px; height: 11px; border-radius: 50%; background: var(--swatch); flex: none; }
.good { --swatch: var(--good); } .fair { --swatch: var(--fair); } .poor { --swatch: var(--poor); }
.swatch.candidate { --swatch: var(--candidate); } .swatch.champion { --swatch: var(--champion); } .swatch.ridge { --swatch: var(--ridge); }
.swatch.champion:not(.line, .dashed) { background: none; border: 2px solid var(--swatch); }
.swatch.line, .swatch.dashed { width: 24px; height: 0; border-radius: 0; background: none; border-top: 2.5px solid var(--swatch); }
.swatch.dashed { border-top-style: dashed; }
details { margin-top: 14px; } summary { cursor: pointer; color: var(--muted); font-size: 0.9rem; width: fit-content; }
.scroll { overflow-x: auto; margin-top: 10px; }
table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; min-width: 50%; }
caption { text-align: left; padding-bottom: 6px; font-size: 0.83rem; }
th, td { padding: 5px 14px 5px 0; text-align: right; border-bottom: 1px solid var(--grid); font-weight: 400; vertical-align: top; }
thead th { color: var(--muted); vertical-align: bottom; } .text { text-align: left; } th.text { overflow-wrap: anywhere; min-width: 9rem; } td { white-space: nowrap; }
td small { margin-left: 3px; } td small.better { color: var(--better); } td small.worse { color: var(--worse); }
#lineage dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); gap: 8px 32px; margin: 8px 0 0; }
#lineage dl div { display: flex; gap: 12px; border-bottom: 1px solid var(--grid); padding-bottom: 6px; font-size: 0.9rem; }
dt { color: var(--muted); } #lineage dt { flex: 0 0 132px; } #lineage dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--candidate); outline-offset: 2px; }
@media print {
  @page { margin: 14mm; }
  body { background: none; font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; } section { margin-top: 24pt; }
  h2 { break-after: avoid; } figure, .tile, tr { break-inside: avoid; }
  summary { list-style: none; } details::details-content { content-visibility: visible; block-size: auto; }
  h1 { font-size: 20pt; } .lead { font-size: 12pt; } .tiles { grid-template-columns: repeat(6, 1fr); gap: 6px; }
  .tile { padding: 8px; } .tile dd { font-size: 14pt; } .tile dt, .tile dd.aside { font-size: 7.5pt; }
  .pair { grid-template-columns: 1fr 1fr; gap: 12px; } table { font-size: 8pt; } td { white-space: normal; } th.text { min-width: 5rem; }
  th, td { padding: 2px 8px 2px 0; } .scroll { overflow: visible; } .dots { overflow: visible; } .dots figure { flex: 0 1 auto; } .squares { grid-template-columns: repeat(3, 1fr); }
}
`;
