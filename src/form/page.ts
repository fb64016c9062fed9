import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import { consequences } from './consequences.ts';
import type { FormView } from './fields.ts';
import { expirationField, uncheckedField } from './fields.ts';
import { isWebAddress, list, MASTHEAD, noticePage, outward, PAGE_END, pageStart } from './layout.ts';
import { notices } from './notices.ts';
import { placesSection } from './places.ts';
import { valueFields } from './values.ts';
import { giveAgain, isKeptNowhere, nounOf } from './words.ts';

export function formPage(view: FormView): Html {
  const { card, problems } = view;
  const leaked = card.alarm?.standing === 'leaked' && 'Leaked: ';
  const urgent = problems.length > 0 ? `${notYet(card)}: ` : leaked || '';
  const title = `${urgent}${card.credential} · reseal`;
  return html`${pageStart(title)}${MASTHEAD}<main class="sheet">
${problemSummary(view)}${heading(card)}${notices(card)}${matchingCode(card)}${placesSection(card)}${issuerSteps(card)}${form(view)}
</main>
${PAGE_END}`;
}

/** Another tab asks while a token is on its way. */
export function busyPage(): Html {
  return noticePage(
    'Already sent',
    'A token was sent from this form a moment ago and is being checked or stored. Nothing of this second request was used. Your terminal shows what becomes of the first; if it is refused, open the address from your terminal again.',
  );
}

/** More submissions than a person makes. Nothing of this one was looked at. */
export function tooManyPage(card: RotationCard): Html {
  return noticePage(
    'Too many tries in one minute',
    `Nothing of this one was used. Wait a minute, go back, and ${giveAgain(card)}.`,
  );
}

/** Nothing of it was looked at. */
export function tooLongPage(card: RotationCard, maxTokenBytes: number): Html {
  const [what, instead] =
    card.shape === 'line'
      ? [`any token of up to ${maxTokenBytes} bytes could be`, 'paste the token alone']
      : [
          `anything that can be stored, which is ${maxTokenBytes} bytes at most`,
          'look whether it was the right file',
        ];
  return noticePage(
    'Too long',
    `What was sent is longer than ${what}. Nothing of it was used. Go back, and ${instead}.`,
  );
}

/** The submission was refused, and the form's time is over. */
export function closedPage(reasons: readonly string[], card: RotationCard): Html {
  const nothing = isKeptNowhere(card) ? 'Nothing was recorded.' : 'Nothing was changed at GitHub.';
  return html`${pageStart('Not stored · reseal')}<main class="sheet notice">
<h1>${isKeptNowhere(card) ? 'Not recorded' : 'Not stored'}</h1>
${list(reasons)}
<p>${nothing} The form is closed: start it again from your terminal, and close this tab.</p>
</main>
${PAGE_END}`;
}

/** For the right address opened from another site: it names nothing, since that site may be showing it. */
export function crossSitePage(): Html {
  return noticePage(
    'Open this address in a new tab',
    'It was opened from another page, and is shown only when you open it yourself: copy the address from your terminal into a new tab.',
  );
}

function notYet(card: RotationCard): string {
  return isKeptNowhere(card) ? 'Not recorded yet' : 'Not stored yet';
}

function problemSummary({ card, problems, offerUnchecked }: FormView): Html | undefined {
  if (problems.length === 0) return undefined;
  const heading = offerUnchecked
    ? `${notYet(card)}: ${card.issuer} could not confirm the ${nounOf(card)}`
    : `${notYet(card)}: please look again`;
  const nothing = isKeptNowhere(card) ? 'Nothing was recorded' : 'Nothing was changed at GitHub';
  return html`<section class="summary" role="alert" tabindex="-1" autofocus aria-labelledby="summary-title">
<h2 id="summary-title">${heading}</h2>
<ul>${problems.map((problem) => html`<li><a href="#${problem.field}">${problem.reason}</a></li>`)}</ul>
<p>${nothing}. ${emptied(card)}: ${giveAgain(card)}${card.password && ', with its password'}.</p>
</section>
`;
}

function emptied({ shape }: RotationCard): string {
  if (shape === 'any') return 'Both fields were emptied';
  return shape === 'line' ? 'The token field was emptied' : 'The file field was emptied';
}

function heading(card: RotationCard): Html {
  return html`<div class="heading">
<p class="eyebrow">${card.onlyMissing ? `${card.kindTitle}, version ${card.onlyMissing.version} again` : `New ${card.kindTitle}`}</p>
<h1>${card.credential}</h1>
${card.purpose !== '' && html`<p class="lede">${card.purpose}</p>`}
</div>
`;
}

function matchingCode(card: RotationCard): Html {
  return html`<section class="matching" aria-labelledby="code-title">
<h2 id="code-title" class="eyebrow">Matching code</h2>
<p class="code"><code>${card.code}</code></p>
<p>The same code stands in your terminal. If it does not, this is not your form: close the tab and ${card.shape === 'line' ? 'paste' : 'give it'} nothing.</p>
</section>
`;
}

function issuerSteps(card: RotationCard): Html | undefined {
  // Its steps make a new token, which is the one thing not to do here.
  if (card.onlyMissing) return undefined;
  return html`<section aria-labelledby="steps-title">
<h2 id="steps-title">First, at ${card.issuer}</h2>
${issuerLink(card)}<ol class="steps">${card.steps.map((step) => html`<li>${step}</li>`)}</ol>
${facts(card)}</section>
`;
}

function issuerLink({ issuer, issuerPage }: RotationCard): Html | undefined {
  if (issuerPage === undefined || !isWebAddress(issuerPage)) return undefined;
  return html`<p>${outward(issuerPage, 'button', `Open ${issuer}`)}</p>
`;
}

function facts(card: RotationCard): Html | undefined {
  const name =
    card.nameAtIssuer &&
    html`<div><dt>Name there</dt><dd><code class="chip">${card.nameAtIssuer}</code></dd></div>`;
  const scopes =
    card.scopes.length > 0 &&
    html`<div><dt>Scopes to tick</dt><dd>${card.scopes.map((scope) => html`<code class="chip">${scope}</code> `)}</dd></div>`;
  if (!name && !scopes) return undefined;
  return html`<dl class="facts">${name || undefined}${scopes}</dl>
`;
}

// The nonce comes last, so that a body that was cut short anywhere (also within the token) lacks it and is refused.
function form(view: FormView): Html {
  const { card } = view;
  const encoding = card.shape !== 'line' && html` enctype="multipart/form-data"`;
  const again = card.shape === 'line' ? 'Paste it here' : 'Give it here';
  return html`<form method="post"${encoding} accept-charset="utf-8" autocomplete="off" aria-labelledby="form-title">
<h2 id="form-title">${card.onlyMissing ? again : 'Then, here'}</h2>
${valueFields(view)}${expirationField(view)}${uncheckedField(view)}${consequences(card)}<input type="hidden" name="nonce" value="${view.nonce}">
<p class="act"><button type="submit">${isKeptNowhere(card) ? 'Check, and remember its dates' : 'Check, seal and store'}</button></p>
<p class="meta">${lifeOfForm(view)}</p>
</form>`;
}

function lifeOfForm({ card, minutesLeft }: FormView): string {
  const left = minutesLeft === 1 ? '1 minute' : `${minutesLeft} minutes`;
  return `This form is open for ${left} from now at most, and for one ${nounOf(card)}. Then this page goes blank. Closing the tab changes nothing.`;
}
