import { stripVTControlCharacters } from 'node:util';
import type { CredentialState } from '../domain/credential.ts';
import { effectiveLifetimeDays } from '../domain/credential.ts';
import { leadInstant, leadTimes } from '../domain/expiry.ts';
import type { StoredCredential } from '../register/register.ts';
import type { CredentialStatus } from '../register/status.ts';
import type { ComingYear } from '../web/timeline.ts';
import { comingYear, standingOf } from '../web/timeline.ts';
import type { Output } from './output.ts';

/** One credential on the time line. */
interface TimelineRow {
  readonly status: Pick<CredentialStatus, 'name' | 'state' | 'expiresAt' | 'daysLeft' | 'changed'>;
  /** When its reminders come, before its expiry. */
  readonly leads: readonly Date[];
}

/** How it is drawn. */
export interface TimelineLook {
  readonly now: Date;
  /** Columns of the terminal. */
  readonly width: number;
  readonly unicode: boolean;
  readonly style: Output['style'];
}

interface Signs {
  readonly line: string;
  readonly lead: string;
  readonly today: string;
  readonly month: string;
  readonly beyond: string;
  readonly cut: string;
  readonly ends: Readonly<Record<'ok' | 'due' | 'critical' | 'ended', string>>;
}

/** None of them is wider than one column in a terminal of western languages (Unicode Standard Annex 11). */
const UNICODE: Signs = {
  line: '─',
  lead: '┴',
  today: '│',
  month: '·',
  beyond: '→',
  cut: '…',
  ends: { ok: '●', due: '◆', critical: '▲', ended: '■' },
};
const ASCII: Signs = {
  line: '-',
  lead: '+',
  today: '|',
  month: '.',
  beyond: '>',
  cut: '~',
  ends: { ok: 'o', due: '*', critical: '!', ended: 'x' },
};

const LONGEST_NAME = 24;
const LEFT_WIDTH = 7;
/** Fewer columns for a year tell nothing. */
const FEWEST = 14;

/** The coming year in lines of at most `width` columns: the months, a line for each credential, and what the signs mean. */
export function drawTimeline(rows: readonly TimelineRow[], look: TimelineLook): readonly string[] {
  const signs = look.unicode ? UNICODE : ASCII;
  const year = comingYear(look.now);
  const longest = Math.max(4, ...rows.map(({ status }) => [...status.name].length));
  const room = look.width - LEFT_WIDTH - 4;
  const names = Math.max(4, Math.min(longest, LONGEST_NAME, room - FEWEST));
  const columns = Math.max(FEWEST, room - names);
  const lineOf = (row: TimelineRow) => {
    const name = cut(row.status.name, names, signs).padEnd(names);
    const { daysLeft, state } = row.status;
    const left = daysLeft === null || state === 'revoked' ? '' : `${daysLeft} d`;
    return `${look.style('bold', name)}  ${drawRow(row, year, columns, signs, look)}  ${left.padStart(LEFT_WIDTH)}`.trimEnd();
  };
  return [
    look.style('dim', `${' '.repeat(names)}  ${drawMonths(year, columns)}`.trimEnd()),
    ...rows.toSorted(byEnd).map(lineOf),
    ...legend(signs, look),
  ];
}

/** The rows of what is not retired. Reminders go by the date that is recorded. */
export function timelineRows(
  statuses: readonly CredentialStatus[],
  stored: readonly StoredCredential[],
): readonly TimelineRow[] {
  const known = new Map(stored.map(({ declaration, current }) => [declaration.name, current]));
  return statuses
    .filter(({ retiredAt }) => retiredAt === null)
    .map((status) => {
      const version = known.get(status.name);
      if (version?.expiry.kind !== 'known' || version.standing !== 'good') return { status, leads: [] };
      const { at } = version.expiry;
      const leads = leadTimes(effectiveLifetimeDays(version)).map((days) => leadInstant(at, days));
      return { status, leads };
    });
}

/** What has ended first, then by date, then what has none. */
function byEnd(a: TimelineRow, b: TimelineRow): number {
  const end = ({ status }: TimelineRow) => (status.state === 'revoked' ? '' : (status.expiresAt ?? 'none'));
  return end(a) < end(b) ? -1 : end(a) > end(b) ? 1 : 0;
}

/** The first column is for what has ended, the second is today. */
function columnOf(part: number, columns: number): number {
  return Math.min(columns - 1, 1 + Math.round(part * (columns - 2)));
}

function drawMonths(year: ComingYear, columns: number): string {
  let text = ' now';
  for (const { label, part } of year.months) {
    const column = columnOf(part, columns);
    if (column > text.length && column + label.length <= columns) text = text.padEnd(column) + label;
  }
  return text;
}

function drawRow(
  { status, leads }: TimelineRow,
  year: ComingYear,
  columns: number,
  signs: Signs,
  { style }: TimelineLook,
): string {
  const standing = standingOf(status, leads, year);
  if (standing.kind === 'words') return style('dim', cut(standing.text, columns + 2 + LEFT_WIDTH, signs));
  const cells = new Array<string>(columns).fill(' ');
  for (const { part } of year.months) cells[columnOf(part, columns)] = signs.month;
  cells[1] = signs.today;
  const colour = COLOURS[status.state] ?? 'dim';
  if (standing.kind === 'ended') {
    return style(colour, signs.ends.ended) + style('dim', cells.slice(1).join(''));
  }
  const end = standing.kind === 'within' ? columnOf(standing.end, columns) : columns - 1;
  for (let column = 2; column < end; column++) cells[column] = signs.line;
  for (const part of standing.leads) cells[columnOf(part, columns)] = signs.lead;
  cells[end] = standing.kind === 'within' ? endOf(status.state, signs) : signs.beyond;
  return style(colour, cells.slice(0, end + 1).join('')) + style('dim', cells.slice(end + 1).join(''));
}

function endOf(state: CredentialState, { ends }: Signs): string {
  if (state === 'critical') return ends.critical;
  return state === 'due' ? ends.due : ends.ok;
}

const COLOURS: Readonly<Partial<Record<CredentialState, 'red' | 'yellow' | 'green'>>> = {
  ok: 'green',
  due: 'yellow',
  critical: 'red',
  expired: 'red',
  revoked: 'red',
};

function legend({ lead, beyond, ends }: Signs, { width, style }: TimelineLook): readonly string[] {
  const parts = [
    `${lead} reminder`,
    `${ends.ok} expiry`,
    `${ends.due} due`,
    `${ends.critical} critical`,
    `${ends.ended} ended`,
    `${beyond} later than a year`,
  ];
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + part.length <= width)
      lines[lines.length - 1] = `${last}   ${part}`;
    else lines.push(part);
  }
  return lines.map((line) => style('dim', line));
}

function cut(text: string, most: number, signs: Signs): string {
  const characters = [...stripVTControlCharacters(text)];
  return characters.length <= most ? characters.join('') : characters.slice(0, most - 1).join('') + signs.cut;
}

/** Whether this environment says that the terminal shows UTF-8 (POSIX.1-2024, 8.2: the first that is set and not empty counts). */
export function showsUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return env['TERM'] !== 'dumb' && /utf-?8/i.test(locale);
}

const USUAL_WIDTH = 80;
const WIDEST = 200;
const NARROWEST = 32;

/** @param columns of the terminal; undefined: it is none, and COLUMNS or the usual 80 count */
export function widthOf(
  columns: number | undefined,
  env: Readonly<Record<string, string | undefined>>,
): number {
  const said = columns ?? (/^\d{1,4}$/.test(env['COLUMNS'] ?? '') ? Number(env['COLUMNS']) : USUAL_WIDTH);
  // A terminal that does not know says 0.
  return said === 0 ? USUAL_WIDTH : Math.min(WIDEST, Math.max(NARROWEST, said));
}
