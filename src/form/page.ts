import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import type { FormView } from './fields.ts';
import { expirationField, tokenField, uncheckedField } from './fields.ts';
import { isWebAddress, list, MASTHEAD, noticePage, outward, PAGE_END, pageStart } from './layout.ts';
import { notices } from './notices.ts';
import { placesSection } from './places.ts';

export function formPage(view: FormView): Html {
  const { card, problems } = view;
  const leaked = card.alarm?.standing === 'leaked' && 'Leaked: ';
  const urgent = problems.length > 0 ? 'Not stored yet: ' : leaked || '';
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
export function tooManyPage(): Html {
  return noticePage(
    'Too many tries in one minute',
    'Nothing of this one was used. Wait a minute, go back, and paste the token once more.',
  );
}

/** Nothing of it was looked at. */
export function tooLongPage(maxTokenBytes: number): Html {
  return noticePage(
    'Too long',
    `What was sent is longer than any token of up to ${maxTokenBytes} bytes could be. Nothing of it was used. Go back, and paste the token alone.`,
  );
}

/** The submission was refused, and the form's time is over. */
export function closedPage(reasons: readonly string[]): Html {
  return html`${pageStart('Not stored · reseal')}<main class="sheet notice">
<h1>Not stored</h1>
${list(reasons)}
<p>Nothing was changed at GitHub. The form is closed: start it again from your terminal, and close this tab.</p>
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

function problemSummary({ card, problems, offerUnchecked }: FormView): Html | undefined {
  if (problems.length === 0) return undefined;
  const heading = offerUnchecked
    ? `Not stored yet: ${card.issuer} could not confirm the token`
    : 'Not stored yet: please look again';
  return html`<section class="summary" role="alert" tabindex="-1" autofocus aria-labelledby="summary-title">
<h2 id="summary-title">${heading}</h2>
<ul>${problems.map((problem) => html`<li><a href="#${problem.field}">${problem.reason}</a></li>`)}</ul>
<p>Nothing was changed at GitHub. The token field was emptied: paste the token once more.</p>
</section>
`;
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
<p>The same code stands in your terminal. If it does not, this is not your form: close the tab and paste nothing.</p>
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
  return html`<form method="post" accept-charset="utf-8" autocomplete="off" aria-labelledby="form-title">
<h2 id="form-title">${view.card.onlyMissing ? 'Paste it here' : 'Then, here'}</h2>
${tokenField(view)}${expirationField(view)}${uncheckedField(view)}${consequences(view.card)}<input type="hidden" name="nonce" value="${view.nonce}">
<p class="act"><button type="submit">Check, seal and store</button></p>
<p class="meta">${lifeOfForm(view.minutesLeft)}</p>
</form>`;
}

function lifeOfForm(minutes: number): string {
  const left = minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return `This form is open for ${left} from now at most, and for one token. Then this page goes blank. Closing the tab changes nothing.`;
}

function consequences(card: RotationCard): Html {
  const hosts = [...new Set(card.destinations.map((destination) => destination.host))].join(', ');
  const check =
    card.proves === undefined
      ? html`<li>This kind of token cannot be checked live: only its form is looked at.</li>`
      : html`<li>It goes once${!isLoopback(card.issuerHost) && ', over TLS,'} to <strong>${card.issuerHost}</strong> for the live check. That proves ${card.proves}.</li>`;
  return html`<div class="consequences">
<h3>What happens when you press the button</h3>
<ol>${check}
<li>It is sealed here to the public key of each environment above.</li>
<li>Only sealed does it go to GitHub (<strong>${hosts}</strong>), which is then asked whether the write landed.</li></ol>
<p>It goes nowhere else, and is never written to disk.</p>
</div>
`;
}

/** Plain http is accepted for this machine itself alone, so everything else is TLS. */
function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);
}
