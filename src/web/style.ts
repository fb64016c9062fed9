/**
 * The style sheet of the page: colours and type as in the form and the runbook, WCAG AA in light and dark. It stands in the page, and
 * its digest in the Content-Security-Policy. No attribute carries style: the time lines are drawn with coordinates alone.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f4f2ed; --sheet: #fffefb; --sunk: #f7f5f0; --ink: #1d2125; --soft: #565d64; --line: #e2ded5; --edge: #85898d;
  --accent: #0d5a4a; --accent-wash: #eaf3ef;
  --good: #14603f; --good-wash: #e9f4ec; --warn: #7d4a00; --warn-wash: #fdf3df; --bad: #9c2320; --bad-wash: #fcedeb;
  --good-line: #a9cfb6; --warn-line: #e0c48c; --bad-line: #e5b1ab;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #121517; --sheet: #1a1e21; --sunk: #20252a; --ink: #e9e7e2; --soft: #a7adb3; --line: #31373c; --edge: #7b838a;
    --accent: #7cd4b8; --accent-wash: #1b2c29;
    --good: #86d7a4; --good-wash: #182a20; --warn: #f0c171; --warn-wash: #2d2616; --bad: #f5a19b; --bad-wash: #331d1c;
    --good-line: #345b43; --warn-line: #66532a; --bad-line: #6e3936;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; padding: clamp(1rem, 3vw, 2.5rem) clamp(.75rem, 4vw, 2rem) 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 var(--sans); overflow-wrap: anywhere; -webkit-font-smoothing: antialiased;
}
h1, h2, h3, p, ul, dl, dd { margin: 0; padding: 0; }
h1 { font-size: clamp(1.5rem, 5vw, 2.1rem); line-height: 1.2; letter-spacing: -.018em; font-weight: 680; text-wrap: balance; }
h2 { font-size: 1.3rem; line-height: 1.3; letter-spacing: -.01em; font-weight: 680; }
h3 { font-size: 1rem; line-height: 1.4; font-weight: 650; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .08em; }
a:hover { text-decoration-thickness: .14em; }
strong { font-weight: 650; }
code { font-family: var(--mono); font-size: .9em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: .75rem; top: -4rem; padding: .5rem .9rem; background: var(--sheet); border-radius: 6px; }
.skip:focus { top: .5rem; }
.meta { color: var(--soft); font-size: .9rem; }
.tally { margin-left: .35rem; color: var(--soft); font-size: .875rem; font-weight: 400; letter-spacing: 0; white-space: nowrap; }
.bad.mark, strong.bad { color: var(--bad); font-weight: 650; }

.page { max-width: 70rem; margin-inline: auto; }
main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; }
.masthead { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; padding: 0 .25rem .9rem; color: var(--soft); font-size: .875rem; }
.brand { display: flex; align-items: center; gap: .5rem; color: var(--ink); font-weight: 650; }
.seal { color: var(--accent); flex: none; }
.sheet {
  display: grid; grid-template-columns: minmax(0, 1fr); gap: .9rem; padding: clamp(1.1rem, 3.5vw, 2.1rem);
  background: var(--sheet); border: 1px solid var(--line); border-radius: 14px;
}

.headline { border-left-width: 6px; }
.headline.bad { background: var(--bad-wash); border-color: var(--bad-line); border-left-color: var(--bad); }
.headline.warn { background: var(--warn-wash); border-color: var(--warn-line); border-left-color: var(--warn); }
.headline.good { background: var(--good-wash); border-color: var(--good-line); border-left-color: var(--good); }
.headline.bad h1 { color: var(--bad); }
.headline.warn h1 { color: var(--warn); }
.headline.good h1 { color: var(--good); }
.lede { font-size: 1.0625rem; max-width: 46em; text-wrap: pretty; }
.type { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem .7rem; }
.command {
  display: inline-block; padding: .3rem .7rem; background: var(--sheet); border: 1px solid var(--edge); border-radius: 7px; font-size: .9375rem;
  user-select: all; white-space: pre-wrap;
}
.facts .command, .meta .command, .mails .command { padding: .1rem .5rem; font-size: .875rem; }
.besides a { color: inherit; }

.defs { position: absolute; }
.group { display: grid; grid-template-columns: minmax(0, 1fr); gap: .3rem; margin-top: .7rem; }
.rows { list-style: none; border-top: 1px solid var(--line); }
.rows > li { border-bottom: 1px solid var(--line); }
.axis, summary { display: grid; grid-template-columns: minmax(0, 16rem) minmax(0, 1fr) 15.5rem; column-gap: 1.1rem; align-items: center; }
.axis svg { grid-column: 2; display: block; overflow: visible; }
.axis text { fill: var(--soft); font: .75rem var(--sans); }
.axis .now { fill: var(--ink); font-weight: 650; }
summary { padding: .5rem .25rem .5rem 1.35rem; cursor: pointer; list-style: none; position: relative; }
summary::-webkit-details-marker { display: none; }
summary::before {
  content: ""; position: absolute; left: .35rem; top: calc(50% - .25rem); width: .4rem; height: .4rem; border: solid var(--soft); border-width: 0 1.5px 1.5px 0; rotate: -45deg;
}
[open] > summary::before { rotate: 45deg; top: calc(50% - .35rem); }
summary:hover { background: var(--sunk); }
.axis { padding: 0 .25rem 0 1.35rem; }
.who { display: flex; flex-wrap: wrap; gap: .1rem .6rem; align-items: baseline; min-width: 0; }
.name { font-weight: 650; min-width: 0; }
.state {
  display: inline-block; padding: 0 .5rem; border: 1px solid; border-radius: 6px; font-size: .8125rem; font-weight: 600; line-height: 1.5; letter-spacing: 0; white-space: nowrap;
}
.state.bad { color: var(--bad); background: var(--bad-wash); border-color: var(--bad-line); }
.state.warn { color: var(--warn); background: var(--warn-wash); border-color: var(--warn-line); }
.state.good { color: var(--good); background: var(--good-wash); border-color: var(--good-line); }
.state.quiet { color: var(--soft); background: var(--sunk); border-color: var(--line); }
.when { display: flex; flex-flow: row wrap; justify-content: end; gap: 0 .8rem; font-size: .9rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
.date { color: var(--soft); white-space: nowrap; }
.track { display: block; min-width: 0; }
.no-line { color: var(--soft); font-size: .9rem; }
.strip { display: block; width: 100%; height: 20px; overflow: visible; }
.strip path, #months path { fill: none; stroke: currentColor; vector-effect: non-scaling-stroke; }
#months .month { stroke: var(--line); stroke-width: 1; }
#months .today { stroke: var(--edge); stroke-width: 1.5; }
.strip.bad { color: var(--bad); }
.strip.warn { color: var(--warn); }
.strip.good { color: var(--good); }
.strip.quiet { color: var(--edge); }
.strip .life { stroke-width: 3; stroke-opacity: .55; }
.strip .life.on { stroke-dasharray: 3 4; }
.strip .lead { stroke-width: 1.5; }
.strip .end { stroke-width: 12; stroke-linecap: round; }
.strip .ended { stroke-width: 10; stroke-linecap: square; }

.facts-of { display: grid; grid-template-columns: minmax(0, 1fr); gap: .8rem; padding: .2rem .25rem 1.1rem 1.35rem; }
.facts { display: grid; gap: .45rem; font-size: .9375rem; }
.facts div { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: .1rem 1rem; align-items: baseline; }
.facts dt { color: var(--soft); font-size: .875rem; }
.facts dd { min-width: 0; }
.places { list-style: none; }
.places .sep { color: var(--soft); }
.places .mark { font-size: .875rem; }
.notes { padding: .6rem .9rem .6rem 2rem; background: var(--warn-wash); border-left: 4px solid var(--warn); border-radius: 0 8px 8px 0; font-size: .9375rem; }
.findings, .mails { list-style: none; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
.findings li, .mails li { display: grid; grid-template-columns: minmax(0, 1fr); gap: .25rem; padding-top: .8rem; border-top: 1px solid var(--line); font-size: .9375rem; }
.beats { padding-left: 1.2rem; display: grid; gap: .3rem; }

@media (max-width: 62rem) {
  .axis, summary { grid-template-columns: minmax(0, 14rem) minmax(0, 1fr) 9rem; }
  .axis .wide { display: none; }
}
@media (max-width: 46rem) {
  .axis, summary { grid-template-columns: minmax(0, 1fr); row-gap: .2rem; }
  .axis svg { grid-column: 1; }
  .axis, summary, .facts-of { padding-left: 1.1rem; padding-right: 0; }
  summary::before, [open] > summary::before { top: 1rem; }
  .when { justify-content: start; }
  .facts div { grid-template-columns: minmax(0, 1fr); gap: 0; }
}
@media (forced-colors: active) { .state { border-color: CanvasText; } .strip path { stroke: CanvasText; } }
@media print {
  :root { color-scheme: light; }
  body { padding: 0; background: none; color: #000; font-size: 10pt; }
  .skip, .legend { display: none; }
  .sheet:not(.headline) { padding: 0; border: 0; background: none; margin-bottom: 1rem; }
  .rows > li, .findings li, .mails li { break-inside: avoid; }
  h1, h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
