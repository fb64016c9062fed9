import type { Destination } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import { where } from './layout.ts';
import { placeNames } from './places.ts';

/** From so many places with one reason on, they are folded away behind their number. */
const FOLD_FROM = 4;

/** Why it did not all go well. A reason that several destinations share is said once. */
export function reasonList(reasons: readonly string[], card: RotationCard): Html | undefined {
  if (reasons.length === 0) return undefined;
  const placed = reasons.map((reason) => placeOf(reason, card));
  const groups = [...Map.groupBy(placed, ({ text }) => text)];
  return html`<ul class="reasons">${groups.map(([text, members]) => {
    const places = members.flatMap(({ place }) => place ?? []);
    return html`<li>${shared(text, places)}</li>
`;
  })}</ul>
`;
}

function shared(text: string, places: readonly Destination[]): Html {
  const [only] = places;
  if (!only) return html`${text}`;
  if (places.length === 1) return html`${where(only)}<br>${text}`;
  if (places.length < FOLD_FROM)
    return html`${text}:<ul class="plain">${places.map((place) => html`<li>${where(place)}</li>`)}</ul>`;
  return html`${text}:<details><summary>${places.length} destinations</summary>
${placeNames(places)}</details>`;
}

/** `owner/name › environment › SECRET: reason`, as a rotation words it; any other sentence is about all of them. */
function placeOf(
  reason: string,
  card: RotationCard,
): { readonly text: string; readonly place: Destination | undefined } {
  for (const { destination } of card.destinations) {
    const start = `${formatDestination(destination)}: `;
    if (reason.startsWith(start)) return { text: reason.slice(start.length), place: destination };
  }
  return { text: reason, place: undefined };
}
