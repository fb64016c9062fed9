import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import { sentence } from '../kinds/sentence.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import { isKeptNowhere, nounOf } from './words.ts';

/** What happens to what was filled in, before the button is pressed. */
export function consequences(card: RotationCard): Html {
  const encoded = card.encoding === undefined ? [] : [html`${sentence(card.encoding)}`];
  const steps = isKeptNowhere(card)
    ? [looked(card), dates(card)]
    : [looked(card), ...encoded, SEALED, sent(card)];
  return html`<div class="consequences">
<h3>What happens when you press the button</h3>
<ol>${steps.map(
    (step) => html`<li>${step}</li>
`,
  )}</ol>
<p>It goes nowhere else, and is never written to disk.</p>
</div>
`;
}

function looked(card: RotationCard): Html {
  const { proves, issuerHost, expiry } = card;
  if (proves !== undefined)
    return html`It goes${!isLoopback(issuerHost) && ', over TLS,'} to <strong>${issuerHost}</strong> for the live check. That proves ${proves}.`;
  const only = expiry.known === 'read' ? 'it is read here, with its dates' : 'only its form is looked at';
  return html`This kind of ${nounOf(card)} cannot be checked live: ${only}.`;
}

const SEALED: Html = html`It is sealed here to the public key of each environment above.`;

function sent({ destinations }: RotationCard): Html {
  const hosts = [...new Set(destinations.map((destination) => destination.host))].join(', ');
  return html`Only sealed does it go to GitHub (<strong>${hosts}</strong>), which is then asked whether the write landed.`;
}

function dates(card: RotationCard): Html {
  return html`It is <strong>stored nowhere</strong>: the ${nounOf(card)} is dropped, and its dates are remembered, so that you are reminded in time.`;
}

/** Plain http is accepted for this machine itself alone, so everything else is TLS. */
function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);
}
