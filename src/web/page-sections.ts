import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { Overview, OverviewFinding, WaitingMail } from './overview.ts';
import { isFailing, mailStanding, roundStanding, verifyStanding } from './page-condition.ts';
import { commandLine, linked } from './page-parts.ts';
import { sentence } from './page-pressing.ts';
import { ago, capital, count, dayOf, minuteOf } from './page-words.ts';

export function findingsSection({ findings, pipelines, command }: Overview): Html {
  return html`<section class="sheet" id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
${findingsIntro(findings, pipelines)}
${
  findings.length > 0 &&
  html`<ul class="findings">${findings.map(findingItem)}</ul>
<p class="meta">To look again: ${commandLine(`${command} verify`)}</p>`
}</section>
`;
}

function findingsIntro(findings: readonly OverviewFinding[], pipelines: Overview['pipelines']): Html {
  if (pipelines.length === 0)
    return html`<p class="meta">No pipeline is declared, so that nothing is compared.</p>`;
  const verified = pipelines.map(
    ({ name, verifiedAt }) => `${name} ${verifiedAt ? `on ${minuteOf(verifiedAt)}` : 'never'}`,
  );
  const failing = findings.filter(isFailing).length;
  const said =
    findings.length === 0 && pipelines.every(({ verifiedAt }) => verifiedAt)
      ? 'Everything that could be compared is as declared.'
      : `${failing} not as declared, ${findings.length - failing} that could not be seen or only a person can see.`;
  return html`<p>${said} <span class="meta">Verified: ${verified.join('; ')}.</span></p>`;
}

function findingItem(one: OverviewFinding): Html {
  const failing = isFailing(one);
  const words = failing ? 'fails' : one.outcome === 'unknown' ? 'not known' : 'for a person to look at';
  return html`<li><h3>${one.subject} <span class="state ${failing ? 'bad' : 'warn'}">${words}</span></h3>
<p>${sentence(one.observed)}</p>
${one.remedy !== '' && html`<p><strong>What to do:</strong> ${linked(sentence(one.remedy))}</p>`}
<p class="meta">Severity ${one.severity}; rule <code>${one.rule}</code> of pipeline ${one.pipeline}; first seen ${dayOf(one.firstSeenAt)}.</p></li>
`;
}

export function mailSection(overview: Overview): Html {
  const { mail, command, now } = overview;
  const { counts, waiting } = mail;
  const standing = mailStanding(overview);
  return html`<section class="sheet" id="mail" aria-labelledby="mail-title">
<h2 id="mail-title">Mail</h2>
${!mail.isConfigured && html`<p class="mark bad">Neither a mail server nor a webhook is configured: no reminder can go out.</p>`}
<p>${standing.undelivered > 0 ? html`<strong class="bad">${capital(standing.text)}</strong>` : standing.text} <span class="meta">${counts.sent} sent, ${
    counts.pending + counts.inFlight
  } waiting, ${counts.ambiguous} without an answer, ${counts.dead} given up.</span></p>
${waiting.length > 0 && html`<ul class="mails">${waiting.map((one) => mailItem(one, command, now))}</ul>`}</section>
`;
}

const MAIL_STATES: Readonly<Record<string, { readonly words: string; readonly tone: string }>> = {
  dead: { words: 'given up', tone: 'bad' },
  ambiguous: { words: 'answer lost', tone: 'bad' },
  pending: { words: 'waiting', tone: 'quiet' },
  'in-flight': { words: 'on its way', tone: 'quiet' },
};

function mailItem(one: WaitingMail, command: string, now: Date): Html {
  const { words, tone } = MAIL_STATES[one.state] ?? { words: one.state, tone: 'quiet' };
  const isOpen = one.state === 'dead' || one.state === 'ambiguous';
  const at = one.nextAttemptAt;
  const next = at && (at <= now ? 'Due now.' : `Next try on ${minuteOf(at)}.`);
  return html`<li><h3>${one.about} <span class="state ${one.lastError !== undefined && tone === 'quiet' ? 'warn' : tone}">${words}</span></h3>
<p>To ${one.recipient} by ${one.channel}. ${one.lastError !== undefined && html`<span class="why">Why: ${sentence(one.lastError)}</span> `}${next}</p>
${isOpen && html`<p><strong>Type:</strong> ${commandLine(`${command} outbox retry ${one.id}`)}</p>`}</li>
`;
}

export function installationSection(overview: Overview): Html {
  const { troubles, head, command, version, now } = overview;
  const beats = [roundStanding(overview), verifyStanding(overview)].filter((one) => one !== undefined);
  return html`<section class="sheet" id="reseal" aria-labelledby="reseal-title">
<h2 id="reseal-title">reseal itself</h2>
<ul class="beats">${beats.map(({ text, isStale }) => html`<li${isStale && html` class="mark bad"`}>${text}</li>`)}${troubles.map(
    ({ name, detail, since }) =>
      html`<li><strong class="bad">${capital(name)}</strong> since ${minuteOf(since)} (${ago(since, now)}): ${detail}</li>`,
  )}</ul>
<dl class="facts"><div><dt>History</dt><dd>${
    head
      ? html`${count(head.seq, 'entry', 'entries')}, the last of which is <code>${head.seq}:${head.hash.slice(0, 16)}</code>, as in every mail`
      : 'nothing has happened yet'
  }</dd></div><div><dt>To check it</dt><dd>${commandLine(`${command} history --check`)}</dd></div><div><dt>Version</dt><dd>${version}</dd></div></dl>
</section>
`;
}
