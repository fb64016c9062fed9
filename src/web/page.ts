import type { Html } from '../domain/html.ts';
import { html, trusted } from '../domain/html.ts';
import type { Overview, OverviewCredential } from './overview.ts';
import { mailStanding, roundStanding, verifyStanding } from './page-condition.ts';
import type { Lines } from './page-credential.ts';
import { credentialRow } from './page-credential.ts';
import type { Groups } from './page-groups.ts';
import { asksForDate, groupsOf } from './page-groups.ts';
import type { Headline } from './page-headline.ts';
import { headlineOf } from './page-headline.ts';
import { commandLine, outward } from './page-parts.ts';
import { findingsSection, installationSection, mailSection } from './page-sections.ts';
import { axis, grid } from './page-strip.ts';
import { count, minuteOf, withoutTricks } from './page-words.ts';
import { STYLE } from './style.ts';
import { comingYear } from './timeline.ts';

const SEAL = trusted(
  '<svg class="seal" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">' +
    '<circle cx="12" cy="12" r="10.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.6 1.6"/>' +
    '<circle cx="12" cy="12" r="6.5" fill="currentColor"/></svg>',
);

/**
 * What one look shows, as a page that fetches nothing and runs nothing. It does not reload itself, which would take a screen reader
 * back to the top: it says when it was made. Its style sheet is `STYLE` of style.ts, to be named by its digest.
 */
export function renderPage(overview: Overview): string {
  const groups = groupsOf(overview);
  const headline = headlineOf(overview, groups);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${headline.title} – reseal</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#year">To the credentials</a>
<div class="page">
<header class="masthead"><p class="brand">${SEAL} reseal</p><p>Looked at ${minuteOf(overview.now)}</p></header>
<main>
${headlineSection(headline, overview, groups)}
${yearSection(overview, groups)}
${findingsSection(overview)}
${mailSection(overview)}
${installationSection(overview)}
</main>
</div>
</body>
</html>
`;
  return withoutTricks(page.text);
}

function headlineSection(headline: Headline, overview: Overview, groups: Groups): Html {
  const { tone, title, text, command, credential } = headline;
  const page = tone === 'good' ? undefined : credential?.page;
  const others = besides(headline, overview, groups);
  return html`<section class="sheet headline ${tone}" aria-labelledby="title">
<h1 id="title">${title}</h1>
<p class="lede">${text}</p>
${command !== undefined && html`<p class="type"><strong>Type:</strong> ${commandLine(command)}</p>`}
${page !== undefined && html`<p><strong>At ${credential?.issuer ?? 'its issuer'}:</strong> ${outward(page)}</p>`}
${others.length > 0 && html`<p class="besides"><strong>Besides:</strong> ${others.map((one, index) => html`${index > 0 && '; '}<a href="#${one.anchor}">${one.text}</a>`)}.</p>`}
</section>
`;
}

/** Everything else that asks for somebody, in one sentence. */
function besides(
  { credential, title }: Headline,
  overview: Overview,
  { pressing, undated }: Groups,
): readonly { readonly text: string; readonly anchor: string }[] {
  const others = pressing.filter((one) => one !== credential).length;
  const dateless = undated.filter((one) => one !== credential && asksForDate(one)).length;
  const { findings, troubles } = overview;
  const { undelivered } = mailStanding(overview);
  const isStale = roundStanding(overview).isStale || verifyStanding(overview)?.isStale === true;
  return [
    others > 0 && {
      text: `${count(others, 'other credential needs', 'other credentials need')} you`,
      anchor: 'needs-you',
    },
    dateless > 0 && {
      text: `${count(dateless, 'credential has', 'credentials have')} no date`,
      anchor: 'undated',
    },
    findings.length > 0 && { text: count(findings.length, 'finding'), anchor: 'findings' },
    undelivered > 0 && { text: `${count(undelivered, 'mail')} not delivered`, anchor: 'mail' },
    !overview.mail.isConfigured && { text: 'no mail can go out', anchor: 'mail' },
    troubles.length > 0 && { text: troubles.map(({ name }) => name).join(', '), anchor: 'reseal' },
    isStale &&
      title !== 'Nobody is reminded' && { text: 'reseal has not come round as it should', anchor: 'reseal' },
  ].filter((one) => one !== false);
}

/** Beyond them, those that need somebody are closed as well: the page stays one that can be looked over. */
const MOST_OPEN = 12;

function yearSection(overview: Overview, groups: Groups): Html {
  const year = comingYear(overview.now);
  const lines = { year, canTell: overview.mail.isConfigured };
  const { pressing, soon, later, undated } = groups;
  const { omitted, command } = overview;
  const total = overview.credentials.length + omitted;
  const group = (id: string, title: string, all: readonly OverviewCredential[], open = 0) =>
    rows({ id, title, all, open, lines });
  return html`<section class="sheet" id="year" aria-labelledby="year-title">
<h2 id="year-title">The coming year <span class="tally">${count(total, 'credential')}</span></h2>
${grid(year)}
${
  total > 0 &&
  html`<p class="legend meta">Each line goes from today to the expiry; the ticks are reminders. Open one for where it lives, its next mail and what to type.</p>`
}
${total === 0 && html`<p class="meta">There is nothing to show yet.</p>`}
${group('needs-you', 'Needs you', pressing, MOST_OPEN)}${group('soon', 'In the next 31 days', soon)}${group('later', 'Later', later)}${group(
  'undated',
  'Without a date, or retired',
  undated,
)}${omitted > 0 && html`<p class="meta">${count(omitted, 'less urgent credential is', 'less urgent credentials are')} not shown: ${commandLine(`${command} status`)}</p>`}</section>
`;
}

function rows({
  id,
  title,
  all,
  open,
  lines,
}: {
  readonly id: string;
  readonly title: string;
  readonly all: readonly OverviewCredential[];
  readonly open: number;
  readonly lines: Lines;
}): Html | false {
  if (all.length === 0) return false;
  return html`<section class="group ${id}" id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title">${title} <span class="tally">${all.length}</span></h3>
${id !== 'undated' && axis(lines.year)}
<ul class="rows">${all.map((one, index) => credentialRow(one, lines, index < open))}</ul>
</section>
`;
}
