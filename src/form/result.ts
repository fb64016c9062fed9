import { formatForPeople } from '../domain/calendar.ts';
import type { Expiry } from '../domain/expiry.ts';
import { describeSource } from '../domain/expiry.ts';
import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import { sentence } from '../kinds/sentence.ts';
import type { ResultOutcome, RotationCard, RotationResult } from '../rotate/rotation.ts';
import { linkedList, list, PAGE_END } from './layout.ts';
import { reasonList } from './reasons.ts';
import { isKeptNowhere } from './words.ts';

type Tone = 'good' | 'warn' | 'bad';

const OUTCOMES: Readonly<Record<ResultOutcome, { tone: Tone; title: string; meaning: string }>> = {
  recorded: {
    tone: 'good',
    title: 'Stored and recorded',
    meaning: 'GitHub shows that a write landed, not which value: that is as much as anybody can read back.',
  },
  partial: {
    tone: 'warn',
    title: 'Stored at some destinations only',
    meaning: 'The others hold what they held before. Keep the new token at hand until the rest is done.',
  },
  unconfirmed: {
    tone: 'warn',
    title: 'Not confirmed',
    meaning:
      'A write may have landed, and only a person can say whether it was this one. Nothing was recorded, and the reminders go on. Running the rotation again is safe.',
  },
  failed: {
    tone: 'bad',
    title: 'Not stored',
    meaning: 'Nothing was changed at the destination: what was there before is still there.',
  },
  rejected: {
    tone: 'bad',
    title: 'Refused',
    meaning: 'It was not stored. Nothing was changed at the destination.',
  },
  abandoned: {
    tone: 'bad',
    title: 'Stopped',
    meaning: 'The rotation was given up. Nothing was changed at the destination.',
  },
};

/** Of a credential that is stored nowhere, what else would be said of its destinations. */
const NOWHERE: Readonly<Partial<Record<ResultOutcome, { title: string; meaning: string }>>> = {
  recorded: {
    title: 'Recorded',
    meaning: 'It was stored nowhere: only its dates are remembered, and the reminders go by them.',
  },
  failed: { title: 'Not recorded', meaning: 'Nothing was recorded, and nothing was stored anywhere.' },
  rejected: { title: 'Refused', meaning: 'Nothing was recorded, and nothing was stored anywhere.' },
  abandoned: { title: 'Stopped', meaning: 'Nothing was recorded, and nothing was stored anywhere.' },
};

export function resultEnd(result: RotationResult, card: RotationCard): Html {
  const { tone, title, meaning } = {
    ...OUTCOMES[result.outcome],
    ...(isKeptNowhere(card) ? NOWHERE[result.outcome] : {}),
  };
  return html`</ol>
<section class="result ${tone}" aria-labelledby="result-title">
<h2 id="result-title">${title}</h2>
${recorded(result)}${result.reasons && reasonList(result.reasons, card)}${warnings(result)}<p>${meaning}</p>
${next(result)}</section>
${closing()}`;
}

/** The submission was refused after its steps had been shown already: the form is open still, behind its address. */
export function refusedEnd(reasons: readonly string[], isOver: boolean): Html {
  return html`</ol>
<section class="result bad" aria-labelledby="result-title">
<h2 id="result-title">Not stored</h2>
${list(reasons)}
<p>${isOver ? 'The form is closed: start it again from your terminal.' : 'The form is still open: open its address again from your terminal.'}</p>
</section>
</main>
${PAGE_END}`;
}

/** Something broke that nobody foresaw. Its text is not shown: it may hold anything. */
export function brokenEnd(): Html {
  return html`</ol>
<section class="result bad" aria-labelledby="result-title">
<h2 id="result-title">Stopped by an error</h2>
<p>The terminal says what is known. Until then, take it that the token may or may not have been stored, and that nothing was recorded.</p>
</section>
${closing()}`;
}

function recorded(result: RotationResult): Html | undefined {
  const { version, expiry, says = [] } = result;
  if (version === undefined && expiry === undefined) return undefined;
  return html`<dl class="facts">${version !== undefined && fact('Version', html`${version}`)}${expiry && fact('Expires', describeExpiry(expiry))}${says.map(({ label, text }) => fact(label, html`${text}`))}</dl>
`;
}

function fact(label: string, text: Html): Html {
  return html`<div><dt>${label}</dt><dd>${text}</dd></div>`;
}

/** It was taken all the same. */
function warnings({ warnings: texts = [] }: RotationResult): Html | undefined {
  if (texts.length === 0) return undefined;
  return html`<h3>Look at this all the same</h3>
<ul class="looks">${texts.map((text) => html`<li>${sentence(text)}</li>`)}</ul>
`;
}

function describeExpiry(expiry: Expiry): Html {
  switch (expiry.kind) {
    case 'known':
      return html`<strong>${formatForPeople(expiry.at)}</strong>, ${describeSource(expiry.source)}`;
    case 'never':
      return html`<strong>never</strong>, ${describeSource(expiry.source)}`;
    case 'unknown':
      return html`<strong>not known</strong>: there will be a line about it every month`;
  }
}

function next(result: RotationResult): Html | undefined {
  if (!result.next || result.next.length === 0) return undefined;
  return html`<h3>What to do next</h3>
${linkedList(result.next)}`;
}

function closing(): Html {
  return html`<p class="meta">The form is closed, and its address answers no more. Close this tab, and do not reload it: the browser would send it once more, to whatever listens there by then.</p>
</main>
${PAGE_END}`;
}
