/**
 * The one style sheet of the form. It stands in the page itself, and its digest in the Content-Security-Policy, so
 * that nothing else can style (or cover) the page. System fonts; colours keep WCAG AA in light and dark.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f4f2ed; --sheet: #fffefb; --sunk: #f7f5f0; --ink: #1d2125; --soft: #565d64; --line: #e2ded5; --edge: #85898d;
  --accent: #0d5a4a; --accent-ink: #ffffff; --accent-wash: #eaf3ef;
  --good: #14603f; --good-wash: #e9f4ec; --warn: #7d4a00; --warn-wash: #fdf3df; --bad: #9c2320; --bad-wash: #fcedeb;
  --good-line: #a9cfb6; --warn-line: #e0c48c; --bad-line: #e5b1ab;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121517; --sheet: #1a1e21; --sunk: #20252a; --ink: #e9e7e2; --soft: #a7adb3; --line: #31373c; --edge: #7b838a;
    --accent: #7cd4b8; --accent-ink: #06251d; --accent-wash: #1b2c29;
    --good: #86d7a4; --good-wash: #182a20; --warn: #f0c171; --warn-wash: #2d2616; --bad: #f5a19b; --bad-wash: #331d1c;
    --good-line: #345b43; --warn-line: #66532a; --bad-line: #6e3936;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; padding: clamp(1rem, 4vw, 3.5rem) clamp(.75rem, 4vw, 2rem) 4rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.6 var(--sans); overflow-wrap: break-word; -webkit-font-smoothing: antialiased;
}
h1, h2, h3, p, ul, ol, dl, dd, fieldset { margin: 0; padding: 0; }
h1 { font-size: clamp(1.55rem, 5.5vw, 2.1rem); line-height: 1.18; letter-spacing: -.018em; font-weight: 680; text-wrap: balance; }
h2 { font-size: 1.125rem; line-height: 1.35; letter-spacing: -.006em; font-weight: 650; }
h3 { font-size: 1rem; line-height: 1.4; font-weight: 650; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .08em; }
a:hover { text-decoration-thickness: .14em; }
code { font-family: var(--mono); font-size: .9em; overflow-wrap: anywhere; }
strong { font-weight: 650; }
ul, ol { padding-left: 1.35rem; }
li + li { margin-top: .4rem; }
li::marker { color: var(--soft); font-variant-numeric: tabular-nums; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }

.masthead, .sheet { max-width: 45rem; margin-inline: auto; }
.masthead {
  display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .1rem 1rem;
  padding: 0 .25rem .9rem; color: var(--soft); font-size: .875rem;
}
.brand { display: flex; align-items: center; gap: .5rem; color: var(--ink); font-weight: 650; letter-spacing: -.005em; }
.seal { color: var(--accent); flex: none; }
.sheet {
  display: grid; grid-template-columns: minmax(0, 1fr); gap: 2.25rem;
  padding: clamp(1.25rem, 5vw, 3rem); background: var(--sheet);
  border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 1px 2px rgb(30 25 10 / .05), 0 12px 32px -16px rgb(30 25 10 / .16);
}
.sheet > section, .sheet form { display: grid; grid-template-columns: minmax(0, 1fr); gap: .9rem; }
.eyebrow { color: var(--soft); font-size: .8125rem; line-height: 1.4; font-weight: 600; letter-spacing: .01em; }
.heading .where { display: block; margin-top: .5rem; font-weight: 400; }
.heading .eyebrow { margin-bottom: .45rem; color: var(--accent); }
.lede, .working { margin-top: .6rem; color: var(--soft); font-size: 1.0625rem; line-height: 1.55; max-width: 34em; text-wrap: pretty; }
.meta, .hint { color: var(--soft); font-size: .9rem; line-height: 1.5; }
.address { margin-left: .35rem; font-family: var(--mono); font-size: .8125rem; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.sheet > .matching {
  grid-template-columns: auto minmax(0, 1fr); align-items: center; gap: .3rem 1.75rem;
  padding: 1.1rem 1.4rem; background: var(--sunk); border: 1px dashed var(--edge); border-radius: 10px;
}
.matching .eyebrow { grid-column: 1; }
.matching .code { grid-column: 1; }
.matching .code code { font-size: 1.75rem; line-height: 1.15; font-weight: 600; letter-spacing: .14em; margin-right: -.14em; white-space: nowrap; }
.matching p:last-child { grid-column: 2; grid-row: 1 / span 2; font-size: .9375rem; line-height: 1.5; }

.sheet ul.destinations { list-style: none; padding: 0; border-top: 1px solid var(--line); }
.destinations li { margin: 0; padding: .75rem 0; border-bottom: 1px solid var(--line); }
.destinations .meta { display: block; margin-top: .1rem; }
.destinations p .meta { display: inline; }
.sheet .names { list-style: none; margin-top: .45rem; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 0 1.5rem; }
.names li { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .75rem; padding: .18rem 0; border-bottom: 0; font-size: .9rem; overflow-wrap: anywhere; }
.names li .meta { display: inline; margin: 0; font-size: .8125rem; font-variant-numeric: tabular-nums; }
.tally { margin-left: .4rem; color: var(--soft); font-size: .9rem; font-weight: 400; }
.where { font-weight: 600; }
.where code { color: var(--accent); }
.sep { color: var(--soft); font-weight: 400; padding: 0 .15em; }

.outward {
  display: inline-block; padding: .4rem .85rem; border: 1px solid var(--edge); border-radius: 8px; color: var(--ink);
  font-weight: 600; font-size: .9375rem; text-decoration: none; background: var(--sheet);
}
.outward:hover { border-color: var(--accent); color: var(--accent); }
.facts { display: grid; gap: .6rem; }
.facts div { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: .15rem 1rem; align-items: baseline; }
.facts dd, .looks li { overflow-wrap: anywhere; }
.facts dt { color: var(--soft); font-size: .9rem; }
.chip { display: inline-block; padding: .08rem .5rem; background: var(--sunk); border: 1px solid var(--line); border-radius: 6px; margin: .1rem .15rem .1rem 0; }

.warning, .summary, .result, .unchecked, .alarm, .note { padding: 1.25rem 1.4rem; border-radius: 10px; border: 1px solid; }
.warning, .unchecked { background: var(--warn-wash); border-color: var(--warn-line); }
.warning h2, .warning strong { color: var(--warn); }
.alarm { background: var(--bad-wash); border-color: var(--bad); border-width: 1px 1px 1px 6px; }
.alarm h2 { color: var(--bad); font-size: 1.3rem; }
.alarm a { color: var(--bad); font-weight: 600; overflow-wrap: anywhere; }
.alarm li + li { margin-top: .65rem; }
.note { background: var(--accent-wash); border-color: var(--accent); }
.note .destinations { font-size: .9375rem; }
.summary { background: var(--bad-wash); border-color: var(--bad-line); }
.summary h2, .summary a { color: var(--bad); }
.summary:focus-visible { outline-color: var(--bad); border-radius: 10px; }

.sheet form { gap: 1.6rem; padding-top: 2.25rem; border-top: 1px solid var(--line); }
.sheet > section:has(.destinations) + form { padding-top: 0; border-top: 0; }
fieldset { border: 0; min-width: 0; }
.field > label:not(.option), legend { display: block; padding: 0; font-weight: 650; }
.field .hint { margin-top: .2rem; max-width: 38em; }
input { font: inherit; color: inherit; accent-color: var(--accent); }
#token, #file, #password, #expires-on { background: var(--sheet); border: 1px solid var(--edge); border-radius: 8px; }
#token, #file, #password { display: block; width: 100%; margin-top: .65rem; padding: .7rem .9rem; font-family: var(--mono); }
#file { padding: .5rem; font-family: inherit; font-size: .9375rem; color: var(--soft); cursor: pointer; }
#file:hover { background: var(--sunk); }
#file::file-selector-button {
  font: inherit; font-weight: 600; margin: 0 .8rem 0 0; padding: .35rem .8rem; color: var(--ink); background: var(--sunk);
  border: 1px solid var(--edge); border-radius: 6px; cursor: pointer;
}
.field > label .meta { font-weight: 400; }
#expires-on { padding: .2rem .55rem; min-width: 0; max-width: 100%; }
#token:focus-visible, #file:focus-visible, #password:focus-visible, #expires-on:focus-visible { outline-offset: 0; border-color: var(--accent); border-radius: 8px; }
#file[aria-invalid], #password[aria-invalid], #expires-on[aria-invalid], fieldset[data-problem] .option { border-color: var(--bad); }
.options { display: grid; gap: .55rem; margin-top: .8rem; }
.presets { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.75rem, 1fr)); gap: .55rem; }
.others { display: flex; flex-wrap: wrap; gap: .55rem; }
.others .option { flex: 1 1 auto; }
.others .option.dated { flex: 3 1 auto; }
.option {
  display: flex; align-items: center; gap: .45rem; min-height: 2.9rem; padding: .35rem .6rem; font-size: .9375rem;
  border: 1px solid var(--edge); border-radius: 8px; cursor: pointer;
}
.option input[type="radio"], .option input[type="checkbox"] { flex: none; width: 1.1rem; height: 1.1rem; margin: 0; }
.option:hover { background: var(--sunk); }
.option:has(:checked) { background: var(--accent-wash); border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.option.dated { flex-wrap: wrap; justify-content: space-between; cursor: default; }
.dated label { display: flex; align-items: center; gap: .45rem; cursor: pointer; }
.unchecked .option { border-color: var(--warn); font-weight: 650; background: var(--sheet); }
.unchecked .hint { margin-top: .7rem; color: var(--ink); }
.stated .meta { display: block; }
.command { overflow-wrap: anywhere; }
.stated { padding: .8rem 1rem; background: var(--sunk); border-radius: 8px; }
.consequences { display: grid; gap: .6rem; padding: 1.1rem 1.35rem; background: var(--sunk); border-radius: 10px; font-size: .9375rem; }
button {
  font: inherit; font-weight: 650; padding: .8rem 1.6rem; color: var(--accent-ink); background: var(--accent);
  border: 1px solid transparent; border-radius: 9px; cursor: pointer;
}
button:hover { filter: brightness(1.08); }
button:active { filter: brightness(.94); }
.act + .meta { margin-top: -.7rem; }

.progress { list-style: none; padding: 0; }
.progress li { position: relative; margin: 0; padding: 0 0 1.1rem 2.1rem; }
.progress li::before {
  content: ""; position: absolute; left: .3rem; top: .42rem; width: .8rem; height: .8rem; border-radius: 50%;
  background: var(--accent); box-shadow: 0 0 0 3px var(--sheet);
}
.progress li:not(:last-child)::after { content: ""; position: absolute; left: .66rem; top: 1.4rem; bottom: -.2rem; width: 1.5px; background: var(--line); }
.progress li:last-child { padding-bottom: 0; }
.progress li.warn::before { background: var(--warn); }
.progress li.bad::before { background: var(--bad); }
.sheet:has(.result.warn) .progress li:last-child:not(.place)::before { background: var(--warn); }
.sheet:has(.result.bad) .progress li:last-child:not(.place)::before { background: var(--bad); }
.progress .step { font-weight: 600; }
.progress .outcome { color: var(--soft); font-size: .9rem; }
.progress .meta { display: block; overflow-wrap: anywhere; }
.progress .where { font-weight: 400; }
.progress.many:has(.count) { position: relative; padding-top: 3rem; }
.progress li.place { position: static; display: flex; flex-wrap: wrap; gap: 0 .7rem; align-items: baseline; padding: .5rem 0; border-top: 1px solid var(--line); font-size: .9375rem; }
.progress li.place::before, .progress li.place::after { content: none; }
.place .where { flex: 1 1 19rem; min-width: 0; overflow-wrap: anywhere; }
.mark { color: var(--soft); font-size: .8125rem; }
.mark.warn, .mark.bad { flex-basis: 100%; }
.mark.warn { color: var(--warn); }
.mark.bad { color: var(--bad); }
.mark.proven { color: var(--good); font-weight: 600; }
.mark.proven::before { content: "✓ " / ""; }
.place:has(.proven) .mark:not(.proven, .warn, .bad) { display: none; }
.count { position: absolute; top: 0; left: 0; right: 0; display: flex; align-items: center; gap: .9rem; font-weight: 650; font-variant-numeric: tabular-nums; white-space: nowrap; }
.count progress { flex: 1; min-width: 0; height: .6rem; accent-color: var(--accent); }
.place:has(~ .place) .count { display: none; }
.sheet:has(.result) .progress.many { order: 1; padding-top: 0; }
.sheet:has(.result) .count { display: none; }
.progress li:has(+ .place)::after { content: none; }
.sheet:has(.result) .many ~ .meta { order: 2; }
.sheet:has(.result) .working { display: none; }
.result.good { background: var(--good-wash); border-color: var(--good-line); }
.result.warn { background: var(--warn-wash); border-color: var(--warn-line); }
.result.bad { background: var(--bad-wash); border-color: var(--bad-line); }
.result h2 { font-size: 1.3rem; }
.result.good h2 { color: var(--good); }
.result.warn h2 { color: var(--warn); }
.result.bad h2 { color: var(--bad); }
.reasons { padding-left: 1.1rem; }
.reasons .plain { list-style: none; padding: 0; margin-top: .3rem; }
.reasons .names { margin-top: .3rem; }
.reasons .destinations { border-top: 0; }
summary { cursor: pointer; font-weight: 600; }
.notice { max-width: 34rem; margin-top: 8vh; gap: .9rem; }

@media (max-width: 34rem) {
  .sheet > .matching { grid-template-columns: minmax(0, 1fr); }
  .matching p:last-child { grid-column: 1; grid-row: auto; }
  .facts div { grid-template-columns: minmax(0, 1fr); }
  .outward { margin-bottom: .2rem; }
  .warning, .summary, .result, .unchecked, .alarm, .note { padding: 1rem; }
  .alarm ol { padding-left: 1.2rem; }
  .address { display: block; margin: .35rem 0 0; }
  button { width: 100%; }
  .mark { flex-basis: auto; }
}
@supports not selector(:has(a)) { .progress .count { display: none; } }
@media (forced-colors: active) {
  .progress li::before { background: CanvasText; }
  .option:has(:checked) { outline: 2px solid Highlight; }
}
@media print { body { background: none; padding: 0; } .sheet { border: 0; box-shadow: none; } }
`;
