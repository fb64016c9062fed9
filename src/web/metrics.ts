import { parseInstant } from '../domain/calendar.ts';
import type { CredentialState } from '../domain/credential.ts';
import type { Outcome, Summary } from '../verify/finding.ts';
import type { Overview } from './overview.ts';

/** What the overview does not hold. */
export interface Figures {
  /** Rotations that have come to an end, by outcome. */
  readonly rotations: Readonly<Record<'recorded' | 'rejected' | 'abandoned' | 'failed', number>>;
  /** Rotations that may have stored their token. */
  readonly unconfirmed: number;
  /** Of the last run of each pipeline that is declared and was verified. */
  readonly findings: readonly { readonly pipeline: string; readonly summary: Summary }[];
  readonly process: {
    readonly residentBytes: number;
    /** Undefined where the system does not tell. */
    readonly openDescriptors: number | undefined;
    readonly cpuSeconds: number;
    readonly startedAt: Date;
  };
}

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly { readonly labels?: Labels; readonly value: number }[];
}

const STATES: readonly CredentialState[] = [
  'planned',
  'ok',
  'due',
  'critical',
  'expired',
  'revoked',
  'unknown',
  'never',
];

/**
 * The state in Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats), named by its conventions
 * (prometheus.io/docs/practices/naming): base units, `_total` on counters, instants in seconds since 1970. What is not known has no
 * sample, and a family without samples is left out.
 */
export function renderMetrics(overview: Overview, figures: Figures): string {
  const families = [
    ...build(overview),
    ...credentials(overview),
    ...mail(overview),
    ...beats(overview),
    ...outcomes(figures),
    ...processes(figures),
  ];
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(renderFamily)
    .join('');
}

function build({ version }: Overview): readonly Family[] {
  const help = 'Constant 1, labelled with the version of reseal.';
  return [gauge('reseal_build_info', help, [{ labels: { version }, value: 1 }])];
}

function credentials({ credentials: all, omitted, now }: Overview): readonly Family[] {
  const active = all.filter(({ status }) => status.retiredAt === null);
  const ends = active.flatMap(({ status: { name, kind, expiresAt } }) =>
    expiresAt === null ? [] : [{ labels: { name, kind }, at: parseInstant(expiresAt) }],
  );
  const states = active.flatMap(({ status: { name, kind, state } }) =>
    STATES.map((one) => ({ labels: { name, kind, state: one }, value: one === state ? 1 : 0 })),
  );
  return [
    gauge(
      'reseal_credential_expires_timestamp_seconds',
      'When the credential expires, in seconds since 1970; no sample where no date is known.',
      ends.map(({ labels, at }) => ({ labels, value: inSeconds(at) })),
    ),
    gauge(
      'reseal_credential_expiry_seconds',
      'Seconds until the credential expires, negative after it; no sample where no date is known.',
      ends.map(({ labels, at }) => ({ labels, value: (at.getTime() - now.getTime()) / 1000 })),
    ),
    gauge(
      'reseal_credential_expiry_known',
      'Whether it is known when the credential expires: also that it never does.',
      active.map(({ status: { name, kind, expirySource } }) => ({
        labels: { name, kind },
        value: expirySource === 'unknown' ? 0 : 1,
      })),
    ),
    gauge('reseal_credential_state', 'State of the credential: 1 for the one it is in.', states),
    gauge(
      'reseal_credentials_omitted',
      'Less urgent credentials beyond a thousand, which have no samples of their own.',
      [{ value: omitted }],
    ),
  ];
}

function mail({ mail: { counts, oldestDueAt }, now }: Overview): readonly Family[] {
  const samples = Object.entries(counts).map(([state, value]) => ({
    labels: { state: state === 'inFlight' ? 'in-flight' : state },
    value,
  }));
  const age = oldestDueAt ? Math.max(0, now.getTime() - oldestDueAt.getTime()) / 1000 : 0;
  return [
    gauge('reseal_messages', 'Messages by state of delivery.', samples),
    gauge(
      'reseal_oldest_undelivered_age_seconds',
      'Seconds since the oldest reminder fell due that is not delivered; 0 where none is. What waits for the next mail of the day does not count.',
      [{ value: age }],
    ),
  ];
}

function beats({ beats: { goodCycle }, pipelines }: Overview): readonly Family[] {
  const verified = pipelines.flatMap(({ name, verifiedAt }) =>
    verifiedAt ? [{ labels: { pipeline: name }, value: inSeconds(verifiedAt) }] : [],
  );
  return [
    gauge(
      'reseal_last_good_round_timestamp_seconds',
      'When the daemon last came round without a failure and without anything that asks for a person; no sample before the first time.',
      goodCycle ? [{ value: inSeconds(goodCycle) }] : [],
    ),
    gauge(
      'reseal_last_verify_timestamp_seconds',
      'When the pipeline was last verified; no sample before the first time.',
      verified,
    ),
  ];
}

const OUTCOMES: readonly (readonly [Outcome, keyof Summary])[] = [
  ['pass', 'pass'],
  ['fail', 'fail'],
  ['unknown', 'unknown'],
  ['not-applicable', 'notApplicable'],
  ['manual', 'manual'],
];

function outcomes({ rotations, unconfirmed, findings }: Figures): readonly Family[] {
  return [
    gauge(
      'reseal_findings',
      'Findings of the last verification of each pipeline, by outcome; no sample before the first time.',
      findings.flatMap(({ pipeline, summary }) =>
        OUTCOMES.map(([outcome, key]) => ({ labels: { pipeline, outcome }, value: summary[key] })),
      ),
    ),
    {
      name: 'reseal_rotations_total',
      type: 'counter',
      help: 'Rotations that have come to an end, by outcome.',
      samples: Object.entries(rotations).map(([outcome, value]) => ({ labels: { outcome }, value })),
    },
    gauge(
      'reseal_rotations_unconfirmed',
      'Rotations of which only a person can say whether they stored their token.',
      [{ value: unconfirmed }],
    ),
  ];
}

/** Named as in every client library: prometheus.io/docs/instrumenting/writing_clientlibs, "Process metrics". */
function processes({ process: figures }: Figures): readonly Family[] {
  const { residentBytes, openDescriptors, cpuSeconds, startedAt } = figures;
  const descriptors = openDescriptors === undefined ? [] : [{ value: openDescriptors }];
  return [
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', [{ value: residentBytes }]),
    gauge('process_open_fds', 'Number of open file descriptors.', descriptors),
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Total user and system CPU time spent in seconds.',
      samples: [{ value: cpuSeconds }],
    },
    gauge('process_start_time_seconds', 'Start time of the process in seconds since 1970.', [
      { value: inSeconds(startedAt) },
    ]),
  ];
}

function gauge(name: string, help: string, samples: Family['samples']): Family {
  return { name, type: 'gauge', help, samples };
}

function inSeconds(instant: Date): number {
  return instant.getTime() / 1000;
}

function renderFamily({ name, type, help, samples }: Family): string {
  const head = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  return head + samples.map(({ labels, value }) => `${name}${renderLabels(labels)} ${value}\n`).join('');
}

function renderLabels(labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

/** A backslash and the end of a line; in a label the quote as well. */
function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text.toWellFormed()).replaceAll('"', '\\"');
}
