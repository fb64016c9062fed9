import type { World } from '../app.ts';
import { isTimeZone } from '../domain/calendar.ts';
import type { NewVersion } from '../domain/credential.ts';
import { CHECKS, orNothing } from './init-checks.ts';
import { chooseFound, declareByHand } from './init-credentials.ts';
import type { GitHubAnswers } from './init-discovery.ts';
import { lookAround } from './init-discovery.ts';
import type { Questions } from './init-questions.ts';
import type { StarterParts } from './starter.ts';

/** What was answered: what is to be written, and the estimates that are to be recorded after it. */
export interface Answers {
  readonly parts: StarterParts;
  readonly estimates: readonly { readonly name: string; readonly version: NewVersion }[];
}

const PUBLIC_GITHUB = 'https://api.github.com';

/** Asks for a first configuration. Nothing is written here. */
export async function askForAll(questions: Questions, world: World): Promise<Answers> {
  questions.say(
    'A few questions. You see the configuration before it is written; Esc or Ctrl-C ends it, and nothing is written then.',
  );
  const owner = await askForOwner(questions, world);
  const timezone = await questions.text('Your time zone (the day’s mail goes out at 9 there)', {
    otherwise: systemTimezone(),
    check: CHECKS.timezone,
  });
  const mail = await askForMail(questions, owner.email);
  const github = await askForGitHub(questions);
  const found = await lookAround(questions, world, github);
  const chosen = await chooseFound(questions, found, world.now());
  const added = await declareByHand(questions, github.wanted, chosen);
  const all = [...chosen, ...added];
  return {
    parts: {
      owner,
      timezone,
      mail,
      apiUrl: github.apiUrl,
      sealTokenFile: github.sealTokenFile,
      verifyTokenFile: github.verifyTokenFile,
      credentials: all.map(({ name, kind, destinations }) => ({
        name,
        kind,
        owner: owner.name,
        destinations,
      })),
    },
    estimates: all.flatMap(({ name, estimate }) => (estimate ? [{ name, version: estimate }] : [])),
  };
}

async function askForOwner(questions: Questions, { actor }: World) {
  const email = await questions.text('Who is reminded? E-mail address', {
    example: 'ada@example.org',
    check: CHECKS.email,
  });
  const name = await questions.text('A short name for this person, for the configuration', {
    otherwise: ownNameOf(actor, email),
    check: CHECKS.ownerName,
  });
  return { name, email };
}

/** The name at this machine, unless it is that of no person. */
function ownNameOf(actor: string, email: string): string {
  const login = actor.split('@')[0] ?? '';
  const first = /^(root|node|nobody|\d+)$/.test(login) ? (email.split('@')[0] ?? '') : login;
  return CHECKS.ownerName(first) === undefined ? first : 'me';
}

function systemTimezone(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return isTimeZone(timeZone) ? timeZone : 'UTC';
}

async function askForMail(questions: Questions, email: string): Promise<StarterParts['mail']> {
  const urlFile = await questions.text(
    'How does mail go out? Path of a file with smtps://user:password@server in it (Enter: later)',
    { example: '/run/secrets/smtp_url', check: orNothing(CHECKS.mailFile) },
  );
  if (urlFile === '') return undefined;
  const from = await questions.text('Sender of the mail', {
    otherwise: `reseal <${email}>`,
    check: CHECKS.sender,
  });
  return { urlFile, from };
}

async function askForGitHub(questions: Questions): Promise<GitHubAnswers> {
  const where = await questions.one('Where are your repositories?', [
    { value: 'public', label: 'github.com' },
    { value: 'other', label: 'another GitHub (Enterprise Server)' },
  ]);
  const apiUrl =
    where === 'public'
      ? PUBLIC_GITHUB
      : await questions.text('Address of its API', {
          example: 'https://github.example.org/api/v3',
          check: CHECKS.address,
        });
  const wanted = await questions.text(
    'Which repository releases something? owner/name, or an owner alone for all of theirs (Enter: later)',
    { example: 'acme/widgets', check: orNothing(CHECKS.ownerOrRepository) },
  );
  const sealTokenFile = await questions.text(
    'Path of a file with the fine-grained GitHub token that stores: environments read and write, metadata read (Enter: later)',
    { example: '/run/secrets/github_seal_token', check: orNothing(CHECKS.tokenFile) },
  );
  const verifyTokenFile = await questions.text(
    'Path of a file with the token that only reads: actions, environments and what verify takes (Enter: none)',
    { example: '/run/secrets/github_verify_token', check: orNothing(CHECKS.tokenFile) },
  );
  return {
    apiUrl,
    wanted,
    sealTokenFile: sealTokenFile || undefined,
    verifyTokenFile: verifyTokenFile || undefined,
  };
}
