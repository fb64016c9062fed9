import { describeLifetime } from '../domain/calendar.ts';
import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import type { Option, RawChoice } from './choice.ts';
import { offeredOptions } from './choice.ts';

/** A reason to ask again, and the field that it is about. */
export interface Problem {
  readonly field: 'token' | 'expiration' | 'expires-on';
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
}

/** What is longer may be of any form. */
const SHORT_BYTES = 1_024;

// One byte more than is allowed: a browser cuts a longer paste off silently, and what was cut off must not pass for a token.
export function tokenField(view: FormView): Html {
  const { issuer, onlyMissing } = view.card;
  return html`<div class="field">
<label for="token">${onlyMissing ? `The token of version ${onlyMissing.version}` : 'The new token'}</label>
<p class="hint" id="token-hint">Paste it as ${issuer} ${onlyMissing ? 'showed' : 'shows'} it. Do not let the browser save it: nothing else should keep a copy.${view.maxTokenBytes > SHORT_BYTES && ' One line only: a field like this drops line breaks. What has several goes through --stdin from a file.'}</p>
<input id="token" name="token" type="password" required autocomplete="off" spellcheck="false" autocapitalize="off" autocorrect="off" maxlength="${view.maxTokenBytes + 1}" aria-describedby="token-hint" data-1p-ignore data-lpignore="true" data-bwignore>
</div>
`;
}

export function expirationField(view: FormView): Html {
  const { card } = view;
  if (card.statedExpiry !== undefined) {
    const source = !card.onlyMissing && ', as stated on the command line';
    return html`<p class="stated">Expiry: <strong>${card.statedExpiry}</strong>${source}.</p>
`;
  }
  const options = offeredOptions(card);
  const presets = options.filter((option) => option.value.endsWith('d'));
  const others = options.filter((option) => !presets.includes(option));
  const problem = view.problems.some((each) => each.field === 'expiration');
  return html`<fieldset id="expiration" class="field" aria-describedby="expiration-hint"${problem && html` data-problem`}>
<legend>Which Expiration did you choose at ${card.issuer}?</legend>
<p class="hint" id="expiration-hint">${card.declaredLifetime && `The runbook says ${describeLifetime(card.declaredLifetime)}. `}Nothing is chosen for you: only you know what you set there, and the reminders go by it.</p>
<div class="options"><div class="presets">${presets.map((option) => radio(option, view))}</div>
<div class="others">${others.map((option) => radio(option, view))}</div></div>
</fieldset>
`;
}

function radio({ value, label }: Option, view: FormView): Html {
  const id = `expiration-${value}`;
  const chosen = view.chosen.expiration === value && html` checked`;
  const button = html`<input type="radio" id="${id}" name="expiration" value="${value}" required${chosen}>`;
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
<p class="hint" id="unchecked-hint">Tick this only on purpose. Nobody has confirmed that the token works: if it does not, the next release stops, and the record will say that it was stored unchecked. Left unticked, the check is made again.</p>
</div>
`;
}
