import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import type { FormView, Problem } from './fields.ts';
import { MAX_PASSWORD_BYTES } from './given.ts';
import { nounOf } from './words.ts';

/** Where the value itself goes: a line to paste it into, a file to choose, or one of the two; and what opens it. */
export function valueFields(view: FormView): Html {
  const { shape, password } = view.card;
  return html`${shape !== 'text' && shape !== 'file' && lineField(view)}${shape !== 'line' && fileField(view)}${password && passwordField(view)}`;
}

// One byte more than is allowed: a browser cuts a longer paste off silently, and what was cut off must not pass for a token.
function lineField(view: FormView): Html {
  const { issuer, onlyMissing, shape } = view.card;
  const isChoice = shape === 'any';
  const what = isChoice
    ? 'One line, without the blanks at its ends: a field like this drops line breaks, so what has several lines goes in as a file.'
    : `Paste it as ${issuer} ${onlyMissing ? 'showed' : 'shows'} it.`;
  return html`<div class="field">
<label for="token">${labelOf(view.card)}${isChoice && ', in one line'}</label>
<p class="hint" id="token-hint">${what} Do not let the browser save it: nothing else should keep a copy.</p>
${secretInput('token', view.maxTokenBytes, !isChoice && html` required`)}
</div>
`;
}

function fileField({ card, maxTokenBytes, problems }: FormView): Html {
  const isChoice = card.shape === 'any';
  const invalid = isWrong('file', problems);
  return html`<div class="field">
<label for="file">${isChoice ? 'Or the file that holds it' : labelOf(card)}</label>
<p class="hint" id="file-hint">${whatToChoose(card)} It is${card.shape === 'any' && ' otherwise'} taken byte for byte, ${Math.floor(maxTokenBytes / 1_024)} KB at most, and not written to disk here; its name is not looked at. Without a browser: <code class="command">--stdin${card.password && ' --password-file PASSWORD'} &lt; FILE</code>.</p>
<input id="file" name="file" type="file"${!isChoice && html` required`} aria-describedby="file-hint"${invalid}>
</div>
`;
}

function whatToChoose(card: RotationCard): string {
  if (card.password)
    return 'Choose the file that the release signs with: PKCS#12 (.p12, .pfx), or PEM or DER (.pem, .cer).';
  switch (card.shape) {
    case 'text':
      return `Choose the file with the whole ${nounOf(card)} in it, from its BEGIN line to its END line where it has them.`;
    case 'any':
      return 'Choose it where it has several lines, or is no text. Of a single line, the line break at its end is left out.';
    default:
      return `Choose the file that is the ${nounOf(card)}.`;
  }
}

function passwordField({ problems }: FormView): Html {
  const invalid = isWrong('password', problems);
  return html`<div class="field">
<label for="password">The password of the file <span class="meta">(only where it has one)</span></label>
<p class="hint" id="password-hint">It opens the file here, goes nowhere, and is not kept. Do not let the browser save it.</p>
${secretInput('password', MAX_PASSWORD_BYTES, invalid)}
</div>
`;
}

/** Not saved, not spell-checked, and filled in by nobody but a person. */
function secretInput(name: 'token' | 'password', most: number, more: Html | false = false): Html {
  return html`<input id="${name}" name="${name}" type="password"${more} autocomplete="off" spellcheck="false" autocapitalize="off" autocorrect="off" maxlength="${most + 1}" aria-describedby="${name}-hint" data-1p-ignore data-lpignore="true" data-bwignore>`;
}

function isWrong(field: Problem['field'], problems: readonly Problem[]): Html | false {
  return problems.some((problem) => problem.field === field) && html` aria-invalid="true"`;
}

function labelOf(card: RotationCard): string {
  return card.onlyMissing
    ? `The ${nounOf(card)} of version ${card.onlyMissing.version}`
    : `The new ${nounOf(card)}`;
}
