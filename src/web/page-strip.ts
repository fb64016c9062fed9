import type { Html } from '../domain/html.ts';
import { html, trusted } from '../domain/html.ts';
import type { OverviewCredential } from './overview.ts';
import type { Tone } from './page-groups.ts';
import type { ComingYear, Standing } from './timeline.ts';
import { standingOf } from './timeline.ts';

// Drawn in thousandths of its width, which the page stretches; strokes keep their thickness. What lies left of today has ended. Numbers
// alone go into it, and everything that it shows stands beside it in words, so that it is hidden from screen readers.
const TODAY = 26;
const END = 990;

/** Defined once and used by every line: the months, and today. */
export function grid(year: ComingYear): Html {
  const lines = year.months.map(({ part }) => `M${placeOf(part)} 0v20`).join('');
  return trusted(
    `<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><g id="months"><path class="month" d="${lines}"/><path class="today" d="M${TODAY} 0v20"/></g></svg>`,
  );
}

/** The names of the months. On a narrow page every third is shown. */
export function axis({ months }: ComingYear): Html {
  const shown = months.filter(({ part }) => part > 0.035 && part < 0.97);
  const first = shown.findIndex(({ part }) => part > 0.14);
  const label = ({ label: text, part }: (typeof months)[number], index: number) => {
    const isWide = index < first || (index - first) % 3 !== 0;
    return html`<text x="${placeOf(part) / 10}%" y="13"${isWide && html` class="wide"`}>${text}</text>`;
  };
  return html`<div class="axis" aria-hidden="true"><svg width="100%" height="18" focusable="false"><text class="now" x="${TODAY / 10}%" y="13">${
    (shown[0]?.part ?? 1) > 0.08 && 'today'
  }</text>${shown.map(label)}</svg></div>
`;
}

export function strip({ status, leads, kindTitle }: OverviewCredential, tone: Tone, year: ComingYear): Html {
  const ahead = leads.filter(({ reached }) => !reached).map(({ at }) => at);
  const standing = standingOf(status, ahead, year);
  // What else its state says stands beside its name.
  if (standing.kind === 'words')
    return html`<span class="track no-line">${status.changed === null ? kindTitle : standing.text}</span>`;
  return html`<span class="track">${trusted(
    `<svg class="strip ${tone}" viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true" focusable="false"><use href="#months"/>${shapes(standing)}</svg>`,
  )}</span>`;
}

function shapes(standing: Exclude<Standing, { kind: 'words' }>): string {
  if (standing.kind === 'ended') return '<path class="ended" d="M10 10h.01"/>';
  const end = standing.kind === 'within' ? placeOf(standing.end) : END - 60;
  const leads = standing.leads.map((part) => `M${placeOf(part)} 3v14`).join('');
  const life = `<path class="life" d="M${TODAY} 10H${end}"/>`;
  const ticks = leads === '' ? '' : `<path class="lead" d="${leads}"/>`;
  return `${life}${ticks}${standing.kind === 'within' ? `<path class="end" d="M${end} 10h.01"/>` : `<path class="life on" d="M${end} 10H1000"/>`}`;
}

function placeOf(part: number): number {
  return Math.round(TODAY + part * (END - TODAY));
}
