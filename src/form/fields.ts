import { describeLifetime } from '../domain/calendar.ts';
import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import { sentence } from '../kinds/sentence.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import type { AskedAnyway, Option, RawChoice } from './choice.ts';
import { offeredOptions } from './choice.ts';
import { nounOf } from './words.ts';

/** A reason to ask again, and the field that it is about. */
export interface Problem {
  readonly field: 'token' | 'file' | 'password' | 'expiration' | 'expires-on';
  readonly reason: string;
}

export interface FormView {
  readonly card: RotationCard;
  readonly nonce: string;
  readonly minutesLeft: number;
  readonly maxTokenBytes: number;
  /** Why the last submission was not stored; empty on the first load. */
  readonly problems: readonly Problem[];
  readonly chosen: RawChoice;
  readonly offerUnchecked: boolean;
  readonly anyway: AskedAnyway;
}

export function expirationField(view: FormView): Html {
  const { card } = view;
  const options = offeredOptions(card, view.anyway);
  if (options.length === 0) return settledExpiry(card);
  const presets = options.filter(({ value }) => /^\d+d$/.test(value));
  const found = options.filter(({ value }) => value === 'found');
  const others = options.filter((option) => ![...presets, ...found].includes(option));
  const problem = view.problems.some((each) => each.field === 'expiration');
  return html`<fieldset id="expiration" class="field" aria-describedby="expiration-hint"${problem && html` data-problem`}>
<legend>Which Expiration did you choose at ${card.issuer}?</legend>
<p class="hint" id="expiration-hint">${expirationHint(view)}</p>
<div class="options">${row('others', found, view)}${row('presets', presets, view)}${row('others', others, view)}</div>
</fieldset>
`;
}

function row(look: 'presets' | 'others', options: readonly Option[], view: FormView): Html | undefined {
  if (options.length === 0) return undefined;
  return html`<div class="${look}">${options.map((option) => radio(option, view))}</div>
`;
}

function expirationHint({ card, anyway }: FormView): string {
  const { declaredLifetime, expiry, issuer } = card;
  const declared = declaredLifetime ? `The runbook says ${describeLifetime(declaredLifetime)}. ` : '';
  const isSettled = expiry.known === 'read' || expiry.known === 'observed';
  if (isSettled && anyway === 'undated')
    return `${declared}Say here when it ends, as its issuer shows it: the reminders go by it.`;
  if (isSettled)
    return `${declared}Answer this if it is to be stored without the check: ${issuer} says nothing of it then, and the reminders go by it.`;
  return `${declared}Nothing is chosen for you, and the reminders go by it. ${sentence(expiry.how)}`;
}

/** What nobody is asked about. */
function settledExpiry(card: RotationCard): Html {
  return html`<p class="stated" id="expiration" tabindex="-1">Expiry: ${settledBy(card)}</p>
`;
}

function settledBy(card: RotationCard): Html {
  const { statedExpiry, onlyMissing, expiry, issuer } = card;
  if (statedExpiry !== undefined)
    return html`<strong>${statedExpiry}</strong>${!onlyMissing && ', as stated on the command line'}.`;
  const how = html`; nothing to choose. <span class="meta">${sentence(expiry.how)}</span>`;
  return expiry.known === 'read'
    ? html`<strong>read from the ${nounOf(card)} itself</strong>${how}`
    : html`<strong>${issuer} says it itself</strong> when the ${nounOf(card)} is checked${how}`;
}

function radio({ value, label }: Option, view: FormView): Html {
  const id = `expiration-${value}`;
  const chosen = view.chosen.expiration === value && html` checked`;
  // What is asked for one of two ways alone cannot be required of both.
  const required = (view.anyway !== 'unchecked' || view.card.expiry.known !== 'observed') && html` required`;
  const button = html`<input type="radio" id="${id}" name="expiration" value="${value}"${required}${chosen}>`;
  if (value !== 'date')
    return html`<label class="option" for="${id}">${button} <span>${label}</span></label>
`;
  const invalid = view.problems.some((problem) => problem.field === 'expires-on');
  const day = /^\d{4}-\d{2}-\d{2}$/.test(view.chosen.expiresOn ?? '') ? view.chosen.expiresOn : '';
  return html`<div class="option dated"><label for="${id}">${button} <span>${label}</span></label>
<input type="date" id="expires-on" name="expires-on" value="${day}" aria-label="The date on which it expires"${invalid && html` aria-invalid="true"`}></div>
`;
}

export function uncheckedField(view: FormView): Html | undefined {
  if (!view.offerUnchecked) return undefined;
  return html`<div class="field unchecked">
<label class="option" for="unchecked"><input type="checkbox" id="unchecked" name="unchecked" value="yes" aria-describedby="unchecked-hint"> <span>Store it without the check</span></label>
<p class="hint" id="unchecked-hint">Tick this only on purpose. Nobody has confirmed that it works: if it does not, the next release stops, and the record will say that it was stored unchecked. Left unticked, the check is made again.</p>
</div>
`;
}
