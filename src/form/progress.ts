import { formatDestination } from '../domain/credential.ts';
import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import type { RotationCard, StepName, StepReport } from '../rotate/rotation.ts';
import { MASTHEAD, pageStart, where } from './layout.ts';
import { isKeptNowhere, nounOf } from './words.ts';

/** The steps after which something may be stored, so that the form cannot be shown again. */
const PAST_CHECKED: readonly StepName[] = ['intended', 'stored', 'verified'];

export function isPastChecked(report: StepReport): boolean {
  return PAST_CHECKED.includes(report.step);
}

const STEPS: Readonly<Record<StepName, string>> = {
  precheck: 'Destination looked at',
  form: 'Form opened',
  submitted: 'Received',
  checked: 'Checked',
  intended: 'Intent written down',
  stored: 'Sealed and sent to GitHub',
  verified: 'Write seen at GitHub',
};

/** What the name of the step would belie. */
const OTHERWISE: Readonly<Record<string, { readonly label: string; readonly tone: 'warn' | 'bad' }>> = {
  failed: { label: 'Not stored', tone: 'bad' },
  unconfirmed: { label: 'Not confirmed', tone: 'warn' },
  unclear: { label: 'No clear answer from GitHub', tone: 'warn' },
  limited: { label: 'Waiting, as GitHub asks', tone: 'warn' },
};

/** The answer up to its steps, which follow one by one as they are proven. */
export function progressStart(card: RotationCard): Html {
  const only = card.destinations.length === 1 && card.destinations[0];
  return html`${pageStart(`${isKeptNowhere(card) ? 'Recording' : 'Storing'} ${card.credential} · reseal`)}${MASTHEAD}<main class="sheet">
<div class="heading">
<p class="eyebrow">New ${card.kindTitle}</p>
<h1>${card.credential}</h1>
${only && html`<p>${where(only.destination)}</p>`}
<p class="working">Each step appears here once it is proven. Closing this tab does not stop it: your terminal shows the same.</p>
</div>
<ol class="progress${!only && ' many'}">
`;
}

/**
 * One more step. Of several destinations, each has one item for all its steps; that item stays open until the next one
 * begins, since nobody knows which step is its last (HTML lets `</li>` out).
 *
 * @param before the step that was shown before this one
 */
export function stepItem(report: StepReport, card: RotationCard, before?: StepReport): Html {
  const { destination } = report;
  const isPlaced = card.destinations.length > 1 && destination !== undefined;
  if (!isPlaced) return plainItem(report, card);
  const begins = destination !== before?.destination && placeStart(report, destination, card);
  return html`${begins}${mark(report)}
`;
}

function plainItem(report: StepReport, card: RotationCard): Html {
  const { detail } = report;
  const outcome = OUTCOMES[report.outcome] ?? report.outcome;
  const other = isPastChecked(report) ? OTHERWISE[report.outcome] : undefined;
  return html`<li${other && html` class="${other.tone}"`}><span class="step">${other?.label ?? labelOf(report.step, card)}</span> <span class="outcome">${other || report.step === 'submitted' ? undefined : outcome}</span>
${detail && html`<span class="meta">${detail}</span>`}</li>
`;
}

function labelOf(step: StepName, card: RotationCard): string {
  if (step !== 'submitted' && step !== 'checked') return STEPS[step];
  const noun = nounOf(card);
  return `${noun.charAt(0).toUpperCase()}${noun.slice(1)} ${STEPS[step].toLowerCase()}`;
}

/** What says more to a person than the word for programs. */
const OUTCOMES: Readonly<Record<string, string>> = {
  'not-asked': 'no live check of this kind',
  unchecked: 'its issuer has not confirmed it',
};

/** Every place says how far it has come; the sheet of style shows the last one alone, above all of them. */
function placeStart({ progress }: StepReport, destination: string, card: RotationCard): Html {
  const known = card.destinations.find((each) => formatDestination(each.destination) === destination);
  const count =
    progress &&
    html`<span class="count"><progress value="${progress.done}" max="${progress.total}" aria-label="Destinations"></progress> ${progress.done} of ${progress.total}</span>`;
  return html`<li class="place">${count}${known ? where(known.destination) : html`<span class="where">${destination}</span>`}
`;
}

function mark({ step, outcome, detail }: StepReport): Html {
  const other = OTHERWISE[outcome];
  if (other) return html`<span class="mark ${other.tone}">${other.label}${detail && `: ${detail}`}</span>`;
  return html`<span class="mark${step === 'verified' && ' proven'}">${BRIEF[step] ?? STEPS[step]}</span>`;
}

const BRIEF: Readonly<Partial<Record<StepName, string>>> = {
  intended: 'intent written down',
  stored: 'sealed and sent',
  verified: 'seen at GitHub',
};
