/**
 * The style sheet of the page: colours and type as in the form, WCAG AA in light and dark. Nothing is fetched, and it prints.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f4f2ed; --sheet: #fffefb; --sunk: #f7f5f0; --ink: #1d2125; --soft: #565d64; --line: #e2ded5; --edge: #85898d;
  --accent: #0d5a4a; --accent-wash: #eaf3ef;
  --good: #14603f; --good-wash: #e9f4ec; --warn: #7d4a00; --warn-wash: #fdf3df; --bad: #9c2320; --bad-wash: #fcedeb;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #121517; --sheet: #1a1e21; --sunk: #20252a; --ink: #e9e7e2; --soft: #a7adb3; --line: #31373c; --edge: #7b838a;
    --accent: #7cd4b8; --accent-wash: #1b2c29;
    --good: #86d7a4; --good-wash: #182a20; --warn: #f0c171; --warn-wash: #2d2616; --bad: #f5a19b; --bad-wash: #331d1c;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; padding: clamp(1rem, 3vw, 2.5rem) clamp(.75rem, 4vw, 2rem) 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 var(--sans); overflow-wrap: break-word; -webkit-font-smoothing: antialiased;
}
h1, h2, h3, h4, p, ul, ol, dl, dd, pre { margin: 0; padding: 0; }
h1 { font-size: clamp(1.55rem, 5vw, 2.1rem); line-height: 1.2; letter-spacing: -.018em; font-weight: 680; text-wrap: balance; }
h1 code { font-size: .8em; }
h2 { font-size: 1.4rem; line-height: 1.3; letter-spacing: -.01em; font-weight: 680; text-wrap: balance; }
h3 { font-size: 1.0625rem; line-height: 1.4; font-weight: 650; overflow-wrap: anywhere; }
h4 { font-size: .9375rem; font-weight: 650; margin-top: .6rem; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .08em; overflow-wrap: anywhere; }
a:hover { text-decoration-thickness: .14em; }
strong { font-weight: 650; }
code {
  font: .9em/1.5 var(--mono); padding: .06em .3em; background: var(--sunk); border: 1px solid var(--line); border-radius: 5px;
  overflow-wrap: anywhere; -webkit-box-decoration-break: clone; box-decoration-break: clone; white-space: pre-wrap;
}
pre {
  padding: .8rem 1rem; background: var(--sunk); border: 1px solid var(--line); border-radius: 8px;
  font: .875rem/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere;
}
ul, ol { padding-left: 1.4rem; }
li + li { margin-top: .35rem; }
li::marker { color: var(--soft); font-variant-numeric: tabular-nums; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: .75rem; top: -4rem; padding: .5rem .9rem; background: var(--sheet); border-radius: 6px; }
.skip:focus { top: .5rem; }

.page { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; max-width: 50rem; margin-inline: auto; }
.masthead { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; color: var(--soft); font-size: .875rem; }
.brand { display: flex; align-items: center; gap: .5rem; color: var(--ink); font-weight: 650; }
.seal { color: var(--accent); flex: none; }
.sheet {
  display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; padding: clamp(1.1rem, 4vw, 2.25rem);
  background: var(--sheet); border: 1px solid var(--line); border-radius: 14px;
}
.intro p { max-width: 40em; text-wrap: pretty; }
.meta { color: var(--soft); font-size: .9rem; }
.lead { color: var(--soft); max-width: 40em; text-wrap: pretty; }

.contents h2 { font-size: 1.0625rem; }
.contents ol { list-style: none; padding: 0; }
.contents li + li { margin-top: .15rem; }
.contents > ol > li + li { margin-top: .8rem; }
.contents a { display: inline-block; padding: .12rem 0; text-decoration: none; }
.contents a:hover { text-decoration: underline; }
.contents > ol > li > a { font-weight: 650; }
.contents ol ol { font-size: .9rem; padding-left: .9rem; border-left: 1px solid var(--line); }

.chapter { gap: 1.5rem; }
.chapter > .lead + .lead { margin-top: -.9rem; }
.step { display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
.place { font-size: .9375rem; color: var(--soft); }
.fields { border: 1px solid var(--line); border-radius: 8px; }
.fields div { display: grid; grid-template-columns: minmax(0, 14rem) minmax(0, 1fr); gap: .1rem 1.1rem; padding: .5rem .9rem; }
.fields div + div { border-top: 1px solid var(--line); }
.fields dt { font-weight: 650; overflow-wrap: anywhere; }
.fields .note { display: block; color: var(--soft); font-size: .9rem; }
.why { color: var(--soft); max-width: 42em; }
.notes { list-style: none; padding: .7rem 1rem; background: var(--warn-wash); border-left: 4px solid var(--warn); border-radius: 0 8px 8px 0; font-size: .9375rem; }
.notes strong.mind { color: var(--warn); }
.notes code { background: var(--sheet); }

.verify { list-style: none; padding: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: .3rem; font-size: .9rem; }
.verify li { margin: 0; }
.verify .name { font-family: var(--mono); font-size: .9em; overflow-wrap: anywhere; }
.mark { display: inline-block; min-width: 1.55em; padding: 0 .4em; margin-right: .25em; border-radius: 5px; text-align: center; font-weight: 700; background: var(--sunk); color: var(--soft); }
.mark + .words { font-weight: 600; color: var(--soft); }
.mark.pass, .mark.pass + .words { color: var(--good); } .mark.pass { background: var(--good-wash); }
.mark.fail, .mark.fail + .words { color: var(--bad); } .mark.fail { background: var(--bad-wash); }
.mark.unknown, .mark.manual, .mark.unknown + .words, .mark.manual + .words { color: var(--warn); }
.mark.unknown, .mark.manual { background: var(--warn-wash); }
.answers { margin: .25rem 0 .6rem .75rem; padding-left: 1.2rem; border-left: 3px solid var(--line); }

@media (min-width: 68rem) {
  .page { max-width: 76rem; grid-template-columns: 17rem minmax(0, 1fr); align-items: start; column-gap: 2rem; }
  .masthead { grid-column: 1 / -1; }
  .intro, main { grid-column: 2; }
  .contents { grid-column: 1; grid-row: 2 / span 2; position: sticky; top: 1rem; max-height: calc(100vh - 2rem); overflow-y: auto; padding: 1.25rem; }
}
main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; }
@media (max-width: 36rem) {
  .fields div { grid-template-columns: minmax(0, 1fr); }
  ul, ol { padding-left: 1.15rem; }
  .contents ol ol { display: none; }
}
@media (forced-colors: active) { .mark { border: 1px solid CanvasText; } }
@media print {
  body { padding: 0; background: none; color: #000; font-size: 10.5pt; }
  .skip, .masthead .hint { display: none; }
  .page { display: block; max-width: none; }
  .sheet { display: block; padding: 0; border: 0; }
  .sheet > * + *, .step > * + * { margin-top: .6rem; }
  .contents { position: static; max-height: none; }
  .contents ol ol { display: block; }
  .chapter { break-before: page; }
  .step { display: block; }
  h2, h3, h4 { break-after: avoid; }
  .fields, pre, .notes { break-inside: avoid; }
  main { display: block; }
}
`;
