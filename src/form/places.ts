import { formatDay, formatForPeople } from '../domain/calendar.ts';
import type { Destination } from '../domain/credential.ts';
import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import { where } from './layout.ts';
import { nounOf } from './words.ts';

type Place = RotationCard['destinations'][number];

/** From so many on, those that differ in one part alone are named once, with the part that differs. */
const COMPACT_FROM = 7;

/** Every destination, each with GitHub's time of its last change. */
export function placesSection(card: RotationCard): Html {
  const count = card.destinations.length;
  if (count === 0) return nowhere(card);
  return html`<section aria-labelledby="where-title">
<h2 id="where-title">Where it goes${count > 1 && html` <span class="tally">${count} destinations</span>`}</h2>
<ul class="destinations">${grouped(card.destinations).map((group) => entry(group))}</ul>
</section>
`;
}

function nowhere(card: RotationCard): Html {
  return html`<section aria-labelledby="where-title">
<h2 id="where-title">Where it goes</h2>
<p><strong>Nowhere.</strong> No destination is declared, so the ${nounOf(card)} is stored nowhere: only its dates are remembered, for the reminders.</p>
</section>
`;
}

/** The same, short, for those that are only named. */
export function placeNames(places: readonly Destination[]): Html {
  const cards = places.map((destination) => ({ destination, host: '', updatedAt: undefined }));
  return html`<ul class="destinations">${grouped(cards).map((group) => entry(group, false))}</ul>
`;
}

interface Group {
  readonly places: readonly Place[];
  /** The part in which they differ. */
  readonly by: 'repo' | 'environment';
}

/** Pure: into as few groups as there are, in the order of their first. */
function grouped(places: readonly Place[]): readonly Group[] {
  if (places.length < COMPACT_FROM) return places.map((place) => ({ places: [place], by: 'repo' }));
  const ways = [groupBy(places, 'repo'), groupBy(places, 'environment')] as const;
  return ways[1].length < ways[0].length ? ways[1] : ways[0];
}

function groupBy(places: readonly Place[], by: Group['by']): readonly Group[] {
  const groups = Map.groupBy(places, ({ destination, host }) =>
    JSON.stringify({ ...destination, [by]: '', host }),
  );
  return [...groups.values()].map((members) => ({ places: members, by }));
}

function entry({ places, by }: Group, dated = true): Html {
  const [first, ...others] = places;
  if (!first) return html``;
  const { destination, host } = first;
  if (others.length === 0) {
    const since = dated && html`\n<span class="meta">${host} · ${lastChange(first)}</span>`;
    return html`<li>${where(destination)}${since}</li>
`;
  }
  const same = by === 'repo' ? destination.environment : destination.repo;
  const kind = by === 'repo' ? 'environment' : 'repository';
  const several = `${places.length} ${by === 'repo' ? 'repositories' : 'environments'}`;
  return html`<li><p><span class="where"><span class="sr">${kind} </span><span>${same}</span> <span class="sep" aria-hidden="true">›</span><span class="sr">, secret </span> <code>${destination.secret}</code></span>
<span class="meta">in ${several}${dated && ` at ${host}`}:</span></p>
<ul class="names">${places.map(
    (
      place,
    ) => html`<li>${place.destination[by]}${dated && html` <span class="meta">${shortChange(place)}</span>`}</li>
`,
  )}</ul></li>
`;
}

function lastChange({ updatedAt }: Place): string {
  return updatedAt ? `last changed ${formatForPeople(updatedAt)}` : 'not there yet: will be created';
}

function shortChange({ updatedAt }: Place): Html {
  if (!updatedAt) return html`will be created`;
  return html`<span class="sr">last changed </span>${formatDay(updatedAt)}`;
}
