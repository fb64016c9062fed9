import { formatDay } from '../domain/calendar.ts';
import type { Destination, NewVersion } from '../domain/credential.ts';
import { sameDestination } from '../domain/credential.ts';
import { KINDS } from '../kinds/catalogue.ts';
import { usualKind } from '../kinds/usual-names.ts';
import type { FoundSecret } from '../register/found.ts';
import type { Proposal } from '../register/propose.ts';
import { estimateFor, nameFor, proposeCredentials } from '../register/propose.ts';
import { CHECKS } from './init-checks.ts';
import type { Questions } from './init-questions.ts';

/** A credential that is to be declared, with the estimate that was accepted. */
interface Chosen {
  readonly name: string;
  readonly kind: string;
  readonly destinations: readonly Destination[];
  readonly estimate: NewVersion | undefined;
}

/** Which of the secrets that were found are to be watched, and what each one is. */
export async function chooseFound(
  questions: Questions,
  found: readonly FoundSecret[],
  now: Date,
): Promise<readonly Chosen[]> {
  const proposals = proposeCredentials(found, now);
  if (proposals.length === 0) return [];
  const names = await questions.several(
    'Which of these shall be watched? (names suggest the kinds; dates are estimates)',
    proposals.map((proposal) => ({
      value: proposal.name,
      label: labelOf(proposal),
      hint: placesOf(proposal),
    })),
    proposals.filter(({ guessed }) => guessed).map(({ name }) => name),
  );
  const chosen = proposals.filter(({ name }) => names.includes(name));
  const withKinds: Chosen[] = [];
  for (const proposal of chosen) withKinds.push(await askForKind(questions, proposal, now));
  return acceptEstimates(questions, withKinds);
}

function labelOf({ destinations, kind, guessed, estimate, estimatedEnd }: Proposal): string {
  const secret = destinations[0]?.secret ?? '';
  if (!guessed) return secret;
  if (estimate && estimatedEnd) return `${secret}: ${kind}, until about ${formatDay(estimatedEnd)}`;
  return `${secret}: ${kind}, ${estimatedEnd ? 'written too long ago for an estimate' : 'end not known'}`;
}

function placesOf({ destinations, writtenAt }: Proposal): string {
  const repo = destinations[0]?.repo ?? '';
  const environments = destinations.map(({ environment }) => environment).join(', ');
  return `${repo} › ${environments}, written ${formatDay(writtenAt)}`;
}

async function askForKind(questions: Questions, proposal: Proposal, now: Date): Promise<Chosen> {
  const { name, destinations, guessed, writtenAt } = proposal;
  if (guessed) return { name, kind: proposal.kind, destinations, estimate: proposal.estimate };
  const kind = await kindOf(questions, `What is ${destinations[0]?.secret}?`, proposal.kind);
  return { name, kind, destinations, estimate: estimateFor(kind, writtenAt, now) };
}

function kindOf(questions: Questions, message: string, first: string): Promise<string> {
  return questions.one(
    message,
    KINDS.map(({ id, title }) => ({ value: id, label: title, hint: id })),
    first,
  );
}

async function acceptEstimates(questions: Questions, chosen: readonly Chosen[]): Promise<readonly Chosen[]> {
  const dated = chosen.filter(({ estimate }) => estimate);
  if (dated.length === 0) return chosen;
  const lines = dated.map(({ name, estimate }) =>
    estimate?.expiry.kind === 'known' ? `${name}  ${formatDay(estimate.expiry.at)}` : name,
  );
  questions.say(
    [
      'Estimated ends: the day of the last write, and the longest that the issuer usually lets one live.',
      ...lines,
    ].join('\n'),
  );
  const accepted = await questions.yes(
    'Remind by these until you record the dates that the issuers show?',
    true,
  );
  return accepted ? chosen : chosen.map((one) => ({ ...one, estimate: undefined }));
}

/** What GitHub did not show, one after the other. */
export async function declareByHand(
  questions: Questions,
  wanted: string,
  chosen: readonly Chosen[],
): Promise<readonly Chosen[]> {
  const all = [...chosen];
  const message = () => (all.length > 0 ? 'Declare another credential?' : 'Declare a credential by hand?');
  while (await questions.yes(message(), all.length === 0))
    all.push(await askForCredential(questions, wanted, all));
  return all.slice(chosen.length);
}

const NONE = 'none';

async function askForCredential(
  questions: Questions,
  wanted: string,
  all: readonly Chosen[],
): Promise<Chosen> {
  const taken = all.map(({ name }) => name);
  const repo = await questions.text(`Repository whose environment holds it (${NONE}: reminders only)`, {
    otherwise: wanted.includes('/') ? wanted : NONE,
    check: (answer) => (answer === NONE ? undefined : CHECKS.repository(answer)),
  });
  if (repo === NONE) {
    const kind = await kindOf(questions, 'What is it?', 'generic');
    return { name: nameFor(kind, undefined, taken), kind, destinations: [], estimate: undefined };
  }
  const environment = await questions.text('Environment', {
    otherwise: 'release',
    check: CHECKS.environment,
  });
  const secret = await questions.text('Name of the secret', {
    example: 'CRATES_IO_TOKEN',
    check: (answer) => CHECKS.secret(answer) ?? takenPlace({ repo, environment, secret: answer }, all),
  });
  const kind = await kindOf(questions, 'What is it?', usualKind(secret) ?? 'generic');
  const destinations = [{ repo, environment, secret }];
  return { name: nameFor(secret, repo, taken), kind, destinations, estimate: undefined };
}

/** A secret holds one credential. */
function takenPlace(place: Destination, all: readonly Chosen[]): string | undefined {
  const other = all.find(({ destinations }) => destinations.some((one) => sameDestination(one, place)));
  return other && `already chosen, as ${other.name}`;
}
