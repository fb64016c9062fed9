import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import { isWebAddress, outward } from './layout.ts';
import { placeNames } from './places.ts';
import { nounOf } from './words.ts';

/** What is to be known before anything is pasted, the most urgent first. */
export function notices(card: RotationCard): Html {
  return html`${alarmNotice(card)}${missingNotice(card)}${hostsNotice(card)}`;
}

/** From so many on, those that are left alone anyway are folded away behind their number. */
const FOLD_FROM = 7;

const ALARMS = { leaked: 'This credential has leaked', revoked: 'This credential is revoked' } as const;

function alarmNotice({ alarm }: RotationCard): Html | undefined {
  if (!alarm) return undefined;
  const steps = alarm.steps.map(
    ({ text, link }) =>
      html`${text}${link !== undefined && isWebAddress(link) && html`<br>${outward(link, 'plain')}`}`,
  );
  const [only] = steps.length === 1 ? steps : [];
  return html`<section class="alarm" aria-labelledby="alarm-title">
<h2 id="alarm-title">${ALARMS[alarm.standing]}</h2>
${only ? html`<p>${only}</p>` : html`<ol>${steps.map((step) => html`<li>${step}</li>`)}</ol>`}
</section>
`;
}

function missingNotice(card: RotationCard): Html | undefined {
  const { onlyMissing, destinations } = card;
  if (!onlyMissing) return undefined;
  const { version, already } = onlyMissing;
  const one = already.length === 1;
  const names = placeNames(already);
  const have =
    already.length > 0 &&
    html`<p>${one ? 'This destination has' : 'These destinations have'} it already, and ${one ? 'is' : 'are'} left alone:</p>
${
  already.length < FOLD_FROM
    ? names
    : html`<details><summary>${already.length} destinations</summary>
${names}</details>`
}`;
  return html`<section class="note" aria-labelledby="missing-title">
<h2 id="missing-title">${card.shape === 'line' ? 'Paste' : 'Give'} the same ${nounOf(card)} again: the one of version ${version}</h2>
<p>Make no new one. Another ${nounOf(card)} is recognised and refused, and only ${destinations.length === 1 ? 'the destination' : `the ${destinations.length} destinations`} below ${destinations.length === 1 ? 'is' : 'are'} written.</p>
${have}</section>
`;
}

function hostsNotice({ unusualHosts }: RotationCard): Html | undefined {
  if (unusualHosts.length === 0) return undefined;
  return html`<section class="warning" aria-labelledby="hosts-title">
<h2 id="hosts-title">Not the public address</h2>
<ul>${unusualHosts.map((host) => html`<li><strong>${host}</strong></li>`)}</ul>
<p>This comes from the configuration. Go on only if you know that it is right.</p>
</section>
`;
}
