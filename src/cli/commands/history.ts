import type { World } from '../../app.ts';
import { openUsedDatabase } from '../../app.ts';
import { AppError } from '../../domain/error.ts';
import type { Break, ChainedEvent } from '../../history/chain.ts';
import type { HeadVerdict } from '../../history/head.ts';
import { formatHead, headOfEntry, judgeHead, parseHead } from '../../history/head.ts';
import { readEntry } from '../../history/sentences.ts';
import type { Chapter } from '../../history/story.ts';
import { tellStory } from '../../history/story.ts';
import { visible } from '../../history/words.ts';
import type { Database } from '../../sqlite/database.ts';
import {
  checkChain,
  entriesAbout,
  entriesUpTo,
  findEntry,
  findHash,
  firstUses,
  lastEntry,
  openHistory,
  subjects,
} from '../../sqlite/history.ts';
import { readInstallId } from '../../sqlite/installation.ts';
import { openRegister } from '../../sqlite/register.ts';
import type { Run } from '../command.ts';
import { textOption } from '../command.ts';
import { nearest } from '../nearest.ts';
import type { Output } from '../output.ts';
import { table } from '../output.ts';

/** What happened: a list of everything, or the story of one name; `--check` computes the chain again. */
export const run: Run = async ({ world, places, out }, given) => {
  const kept = textOption(given, 'head');
  const head = kept === undefined ? undefined : readHead(kept);
  const checks = given.options['check'] === true || head !== undefined;
  const db = openUsedDatabase(places, world);
  try {
    const [name] = given.arguments;
    const events =
      name === undefined ? (checks && !out.json ? [] : listAll(db, world)) : about(db, world, name);
    const check = checks ? checkAll(db, head) : undefined;
    if (out.json) printJson(out, db, events, check);
    else {
      if (name !== undefined) printStory(out, tellStory(events, name));
      else printList(out, events);
      if (check) printCheck(out, check);
    }
    return check && (check.broken || (check.verdict && check.verdict !== 'part')) ? 1 : 0;
  } finally {
    db.close();
  }
};

type KeptHead = NonNullable<ReturnType<typeof parseHead>>;

/** @throws AppError invalid_input */
function readHead(text: string): KeptHead {
  const head = parseHead(text);
  if (head) return head;
  throw new AppError('invalid_input', 'expected a head as NUMBER:HASH, as it stands at the end of a mail', {
    hints: ['reseal history --check --head 123:3f2a9c0b1d2e4f56'],
  });
}

function listAll(db: Database, world: World): readonly ChainedEvent[] {
  return openHistory(db, readInstallId(db) ?? '', world.actor).list();
}

/** @throws AppError invalid_input where nothing ever happened to it */
function about(db: Database, world: World, name: string): readonly ChainedEvent[] {
  const events = entriesAbout(db, name);
  if (events.length > 0) return withFirstUses(db, world, name, events);
  const known = subjects(db);
  const near = nearest(name, known);
  const some = known.slice(0, MOST_SUBJECTS).map(visible).join(', ');
  const more = known.length > MOST_SUBJECTS ? ` and ${known.length - MOST_SUBJECTS} more` : '';
  throw new AppError('invalid_input', 'nothing is known under that name', {
    hints: [...(near ? [`did you mean: reseal history ${near}`] : []), `there are: ${some}${more}`],
  });
}

const MOST_SUBJECTS = 30;
const CRATES_IO = 'crates-io-token';

/** crates.io does not show which token published a version: the evidence is told of a credential only where there is no other. */
function withFirstUses(
  db: Database,
  world: World,
  name: string,
  events: readonly ChainedEvent[],
): readonly ChainedEvent[] {
  const register = openRegister(db, openHistory(db, '', world.actor), () => undefined);
  if (register.find(name)?.declaration.kind !== CRATES_IO) return events;
  const tokens = register
    .list()
    .filter(({ declaration, retiredAt }) => declaration.kind === CRATES_IO && !retiredAt);
  if (tokens.length !== 1) return events;
  return [...events, ...firstUses(db)].sort((a, b) => a.seq - b.seq);
}

const MOST_BEFORE = 4;

interface Check {
  readonly entries: number;
  readonly last: string | undefined;
  readonly broken: Break | undefined;
  /** Where it breaks, with a few before it. */
  readonly place: readonly ChainedEvent[];
  readonly head: KeptHead | undefined;
  readonly verdict: HeadVerdict | undefined;
}

function checkAll(db: Database, head: KeptHead | undefined): Check {
  const { broken, upTo } = checkChain(db, readInstallId(db) ?? '');
  const last = lastEntry(db);
  const found = head && (head.seq === undefined ? findHash(db, head.hash) : findEntry(db, head.seq)?.hash);
  return {
    entries: upTo?.seq ?? last?.seq ?? 0,
    last: last && formatHead(headOfEntry(last)),
    broken,
    place: broken ? entriesUpTo(db, broken.seq, MOST_BEFORE) : [],
    head,
    verdict: head && judgeHead(head, found, last?.seq ?? 0),
  };
}

function printJson(
  out: Output,
  db: Database,
  events: readonly ChainedEvent[],
  check: Check | undefined,
): void {
  out.resultJson({
    schemaVersion: 1,
    events: events.map((event) => {
      const { seq, at, type, subject, result, hash, actor } = event;
      return { seq, at, type, subject, result, hash, actor, detail: readEntry(event).detail };
    }),
    head: lastEntry(db)?.hash ?? null,
    ...(check ? { broken: check.broken?.seq ?? null, reason: check.broken?.reason ?? null } : {}),
    ...(check?.verdict ? { headFound: check.verdict } : {}),
  });
}

function printList(out: Output, events: readonly ChainedEvent[]): void {
  if (events.length === 0) return;
  const rows = events.map(({ seq, at, type, subject, result }) =>
    [String(seq), at, type, subject, result].map(visible),
  );
  out.result(table(rows, out.terminal));
}

function printStory(out: Output, chapters: readonly Chapter[]): void {
  chapters.forEach(({ title, lines }, index) => {
    if (index > 0) out.result('');
    if (title !== '') out.result(out.style('bold', title));
    for (const { at, sentence, gapDays } of lines) {
      if (gapDays !== undefined) out.result(out.style('dim', `${' '.repeat(18)}… ${gapDays} days`));
      out.result(`  ${out.style('dim', at)}  ${sentence}`);
    }
  });
}

const REASONS: Readonly<Record<Break['reason'], string>> = {
  missing: 'is missing',
  changed: 'was changed',
  'out-of-place': 'does not follow the one before it: one of the two was written anew',
};

function printCheck(out: Output, { entries, last, broken, place, head, verdict }: Check): void {
  if (broken) {
    printList(out, place);
    out.result(out.style('red', `the chain breaks at entry ${broken.seq}: it ${REASONS[broken.reason]}`));
    out.hint('what came after it cannot be relied on: compare with a backup');
  } else out.result(`the chain of ${entries} entries holds${last === undefined ? '' : `, up to ${last}`}`);
  if (head && verdict) printVerdict(out, head, verdict, last);
}

function printVerdict(out: Output, head: KeptHead, verdict: HeadVerdict, last: string | undefined): void {
  const shown =
    head.seq === undefined ? head.hash.slice(0, 16) : formatHead({ seq: head.seq, hash: head.hash });
  const end = last ?? 'nothing';
  const words: Readonly<Record<HeadVerdict, string>> = {
    part: `${shown} is part of this history`,
    'cut-off': `entries are missing after ${end}: the history once reached ${shown}`,
    foreign: `${shown} was never part of this history, or what stood there was replaced: entry ${head.seq} is another`,
    'not-found': `${shown} was never part of this history, or entries after ${end} are missing`,
  };
  out.result(verdict === 'part' ? words.part : out.style('red', words[verdict]));
}
