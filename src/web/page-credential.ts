import { describeSource } from '../domain/expiry.ts';
import type { Html, HtmlPart } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { CredentialStatus } from '../register/status.ts';
import type { OverviewCredential } from './overview.ts';
import { stateOf } from './page-groups.ts';
import { commandLine, outward } from './page-parts.ts';
import { sentence } from './page-pressing.ts';
import { strip } from './page-strip.ts';
import { dayOf, instantOf, minuteOf, timeLeft } from './page-words.ts';
import type { ComingYear } from './timeline.ts';

/** What all lines have in common. */
export interface Lines {
  readonly year: ComingYear;
  /** Whether anybody can be mailed or called. */
  readonly canTell: boolean;
}

/** One line of the year, which opens into everything that is known of the credential. */
export function credentialRow(one: OverviewCredential, lines: Lines, isOpen: boolean): Html {
  const { status } = one;
  const { words, tone } = stateOf(status);
  const { daysLeft, expiresAt, name } = status;
  const left = daysLeft === null || status.state === 'revoked' ? undefined : timeLeft(daysLeft);
  const date = expiresAt === null ? undefined : dayOf(new Date(expiresAt));
  return html`<li><details class="row"${isOpen && html` open`}><summary><span class="who"><span class="name">${name}</span> <span class="state ${tone}">${words}</span></span> ${strip(one, tone, lines.year)} <span class="when">${
    left !== undefined && html`<strong>${left}</strong> `
  }${date !== undefined && html`<span class="date">${date}</span>`}</span></summary>
${everything(one, lines)}</details></li>
`;
}

function everything(one: OverviewCredential, lines: Lines): Html {
  const { status, next, breaks, page, issuer, kindTitle } = one;
  const notes = notesOf(one);
  return html`<div class="facts-of">${notes.length > 0 && html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<dl class="facts">${next !== undefined && fact('Type', commandLine(next))}${
    page !== undefined && fact('At its issuer', outward(page))
  }${fact('When it dies', sentence(breaks))}${fact('Expires', expiryOf(status))}${places(status)}${fact('Next mail', nextMail(status, lines))}${reminders(one)}${fact(
    'What it is',
    `${kindTitle}, from ${issuer}${status.purpose === null ? '' : `: ${status.purpose}`}`,
  )}</dl></div>`;
}

function fact(name: string, value: HtmlPart): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function expiryOf({ expiresAt, expirySource, state, version }: CredentialStatus): string {
  const issue = version === null ? '' : `version ${version}, `;
  if (expiresAt !== null)
    return `${instantOf(new Date(expiresAt))} (${issue}${describeSource(expirySource)})`;
  if (state === 'planned') return 'not made yet';
  return state === 'never' ? `never (${issue}${describeSource(expirySource)})` : 'not known';
}

function places({ destinations }: CredentialStatus): Html {
  if (destinations.length === 0)
    return fact('Lives in', 'nowhere that reseal stores it: put it where it is used yourself');
  return fact('Lives in', html`<ul class="places">${destinations.map(place)}</ul>`);
}

function place(one: CredentialStatus['destinations'][number]): Html {
  const separator = html` <span class="sep" aria-hidden="true">›</span><span class="sr">,</span> `;
  const { words, isBad } = PLACES[one.state] ?? PLACES.unknown;
  const behind = one.state === 'never-stored' && one.version !== null;
  const said = behind ? `still holds version ${one.version}` : words;
  return html`<li><span class="where">${one.repo}${separator}${one.environment}${separator}<code>${one.secret}</code></span> <span class="${isBad || behind ? 'mark bad' : 'meta'}">${said}</span></li>`;
}

const PLACES: Readonly<
  Record<
    CredentialStatus['destinations'][number]['state'],
    { readonly words: string; readonly isBad: boolean }
  >
> = {
  verified: { words: 'verified', isBad: false },
  unconfirmed: { words: 'unconfirmed', isBad: true },
  missing: { words: 'missing at GitHub', isBad: true },
  'changed-elsewhere': { words: 'changed by somebody else', isBad: true },
  'never-stored': { words: 'not stored by reseal yet', isBad: false },
  unknown: { words: 'GitHub could not be asked', isBad: true },
};

function nextMail(
  { nextReminderAt, acknowledgedUntil, owner }: CredentialStatus,
  { year, canTell }: Lines,
): string {
  const quiet = acknowledgedUntil === null ? '' : `; quiet until ${instantOf(new Date(acknowledgedUntil))}`;
  if (nextReminderAt === null) return `none is due${quiet}`;
  const at = new Date(nextReminderAt);
  const said = at <= year.start ? 'due now' : minuteOf(at);
  const to = canTell
    ? `to ${owner === '*' ? 'everybody' : owner}`
    : 'but nothing is configured that could send it';
  return `${said}, ${to}${quiet}`;
}

function reminders({ leads }: OverviewCredential): Html | false {
  if (leads.length === 0) return false;
  const ahead = leads.filter(({ reached }) => !reached);
  const passed = leads.length - ahead.length;
  const dates = ahead.map(({ at }) => dayOf(at)).join('; ');
  const come = passed > 0 ? `${passed} of ${leads.length} have come` : 'none has come yet';
  return fact('Reminders', `${come}${dates === '' ? '' : `; ahead: ${dates}`}`);
}

/** What is to be known beside its date. */
function notesOf({ status, issuer }: OverviewCredential): readonly string[] {
  const { unsettled, changed, baseline, beyondRules, oldTokens, declared, retiredAt } = status;
  const notes = [
    ...[unsettled, changed, baseline].filter((note) => note !== null),
    ...beyondRules.map(({ text, advice }) =>
      [text, advice]
        .filter((part) => part !== null)
        .map(sentence)
        .join(' '),
    ),
    ...oldTokens.map(({ version, expiresAt, standing }) => {
      const until = expiresAt === null ? '' : ` until ${dayOf(new Date(expiresAt))}`;
      const leaked = standing === 'leaked' ? ', which has leaked,' : '';
      return `version ${version}${leaked} still lives at ${issuer}${until}: revoke it there`;
    }),
    ...(retiredAt === null ? [] : ['it is retired: no reminders come']),
    ...(declared || retiredAt !== null
      ? []
      : ['it is no longer in the configuration; its reminders go on until it is retired or put back']),
  ];
  return notes.map(sentence);
}
