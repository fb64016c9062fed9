import { formatForPeople } from '../domain/calendar.ts';
import type { Html } from '../domain/html.ts';
import { html, trusted } from '../domain/html.ts';
import type {
  Chapter,
  Field,
  Link,
  Prose,
  Results,
  Runbook,
  Span,
  Step,
  Verification,
} from './runbook/document.ts';
import { STYLE } from './runbook/style.ts';
import type { Likeness } from './runbook/words.ts';
import { openAnswers, seenAnswers, stateOf, tally, VERDICTS } from './runbook/words.ts';

const SEAL = trusted(
  '<svg class="seal" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">' +
    '<circle cx="12" cy="12" r="10.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.6 1.6"/>' +
    '<circle cx="12" cy="12" r="6.5" fill="currentColor"/></svg>',
);

/** The runbook as one file that fetches nothing and runs nothing: to keep beside the repository, to print, to read offline. */
export function renderHtml(runbook: Runbook): string {
  const title = `Runbook: how ${runbook.repo} is released`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#chapter-0">To the first step</a>
<div class="page">
${heading(runbook)}
${contents(runbook.chapters)}
<main id="steps">
${runbook.chapters.map(chapter)}
</main>
</div>
</body>
</html>
`.text;
}

function heading({ pipeline, repo, writtenAt, verifiedAt, intro }: Runbook): Html {
  return html`<header class="masthead"><p class="brand">${SEAL} reseal</p><p>pipeline ${pipeline}</p></header>
<section class="sheet intro" aria-labelledby="title">
<h1 id="title">Runbook: how <code>${breakable(repo)}</code> is released</h1>
<p class="meta">Written ${formatForPeople(writtenAt)}. ${stateOf(verifiedAt)}</p>
${intro.map((one) => html`<p>${prose(one)}</p>`)}
</section>`;
}

/** May be broken behind its slash. */
function breakable(repo: string): readonly Html[] {
  return repo.split('/').map((part, index) => (index === 0 ? html`${part}` : html`/<wbr>${part}`));
}

function contents(chapters: readonly Chapter[]): Html {
  return html`<nav class="sheet contents" aria-labelledby="contents-title" >
<h2 id="contents-title">Contents</h2>
<ol>${chapters.map(
    ({ title, anchor, steps }) => html`<li><a href="#${anchor}">${title}</a>
${steps.length > 0 && html`<ol>${steps.map((one) => html`<li><a href="#${one.anchor}">${one.title}</a></li>`)}</ol>`}</li>
`,
  )}</ol>
</nav>`;
}

function chapter({ title, anchor, lead, steps }: Chapter): Html {
  return html`<section class="sheet chapter" id="${anchor}" aria-labelledby="${anchor}-title">
<h2 id="${anchor}-title">${title}</h2>
${lead.map((one) => html`<p class="lead">${prose(one)}</p>`)}
${steps.map(step)}
</section>
`;
}

function step(one: Step): Html {
  const { anchor, title, page, before, fields, code, after, why, notes, verify, results } = one;
  return html`<section class="step" id="${anchor}" aria-labelledby="${anchor}-title">
<h3 id="${anchor}-title">${title}</h3>
${page && html`<p class="place">Page: ${link(page)}</p>`}
${items(before)}
${fields.length > 0 && html`<dl class="fields">${fields.map(fieldRow)}</dl>`}
${code.length > 0 && html`<pre>${code.join('\n')}</pre>`}
${items(after)}
${why && html`<p class="why"><strong>Why:</strong> ${prose(why)}</p>`}
${notes.length > 0 && html`<ul class="notes">${notes.map((note) => html`<li><strong class="mind">Mind:</strong> ${prose(note)}</li>`)}</ul>`}
${results.map(resultsBlock)}
${verify.length > 0 && html`<ul class="verify">${verify.map((line) => verification(line, openAnswers(line)))}</ul>`}
</section>
`;
}

/** One sentence stands alone; several are done in order. */
function items(all: readonly Prose[]): Html | false {
  const [first] = all;
  if (!first) return false;
  if (all.length === 1) return html`<p>${prose(first)}</p>`;
  return html`<ol>${all.map((one) => html`<li>${prose(one)}</li>`)}</ol>`;
}

function fieldRow({ name, value, note }: Field): Html {
  return html`<div><dt>${name}</dt><dd>${prose(value)}${note && html` <span class="note">${prose(note)}</span>`}</dd></div>
`;
}

function resultsBlock({ title, verifications }: Results): Html {
  return html`<h4>${title}</h4>
<ul class="verify">${verifications.map((one) => verification(one, seenAnswers(one)))}</ul>
`;
}

function verification(one: Verification, shown: readonly Likeness[]): Html {
  const count = tally(one);
  return html`<li>${mark(one.outcome)} ${count && html`<span class="meta">(${count})</span> `}${one.question !== undefined && html`<span class="question">${one.question}</span> `}<span class="name">${one.rule}</span>
${shown.length > 0 && html`<ul class="answers">${shown.map(answerItem)}</ul>`}</li>
`;
}

function mark(outcome: Verification['outcome']): Html {
  const { words, sign } = VERDICTS[outcome];
  return html`<span class="mark ${outcome}" aria-hidden="true">${sign}</span><span class="words">${words}</span>`;
}

function answerItem({ subjects, subject, outcome, expected, observed, remedy }: Likeness): Html {
  const names = subjects.map((one, index) => html`${index > 0 && ', '}<code>${one}</code>`);
  const likewise = subjects.length > 1 && html` for <code>${subject}</code>, and likewise for the others`;
  return html`<li>${names} ${VERDICTS[outcome].words}. ${expected.length > 0 && html`Expected: ${prose(expected)}. `}Seen: ${prose(observed)}. ${
    remedy.length > 0 && html`<strong>What to do</strong>${likewise}: ${prose(remedy)}`
  }</li>`;
}

function prose(spans: Prose): readonly Html[] {
  return spans.map(inline);
}

function inline(span: Span): Html {
  if (typeof span === 'string') return html`${span}`;
  if ('code' in span) return html`<code>${span.code}</code>`;
  if ('label' in span) return html`<strong>${span.label}</strong>`;
  return 'anchor' in span ? html`<a href="#${span.anchor}">${span.text}</a>` : link(span);
}

/** In a tab of its own, so that the reader keeps the place here. */
function link({ text, address }: Link): Html {
  if (address === undefined || !/^https?:\/\//i.test(address)) return html`<strong>${text}</strong>`;
  return html`<a href="${address}" rel="noreferrer" target="_blank">${text} <span aria-hidden="true">↗</span><span class="sr"> (in a new tab)</span></a>`;
}
