import type { CommandSpec } from './command.ts';

/** Every command, in the order in which `--help` lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'init',
    group: 'Start',
    summary:
      'ask for a first configuration on a terminal, else write a commented one; create the database; nothing is overwritten',
    options: [{ flags: '--no-questions', description: 'ask nothing: write the commented configuration' }],
    load: () => import('./commands/init.ts'),
  },
  {
    usage: 'import [file]',
    group: 'Start',
    summary:
      'declare and record many credentials: from a CSV file (- for standard input), or from what GitHub shows; never a value',
    options: [
      {
        flags: '--organisation <name>',
        description: 'every repository of an organisation or a user that the token is shown',
      },
      {
        flags: '--repo <repo...>',
        description: 'single repositories as OWNER/NAME, also with commas between',
      },
      {
        flags: '--owner <owner>',
        description: 'who is mailed where nothing else says so: an owner, or a mail address',
      },
      { flags: '--dry-run', description: 'show what would be done, and change nothing' },
      {
        flags: '--print',
        description: 'print the lines to add to the configuration instead of writing them',
      },
    ],
    example: 'reseal import credentials.csv --dry-run',
    load: () => import('./commands/import.ts'),
  },
  {
    usage: 'record <name>',
    group: 'Start',
    summary:
      'adopt a credential that already exists; touches nothing outside; recording it again adds a version',
    options: [
      { flags: '--created <date>', description: 'when it was made at its issuer' },
      { flags: '--expires <date>', description: 'when it expires, as its issuer shows it' },
      {
        flags: '--lifetime <duration>',
        description: 'how long it lives, such as 365d or 1y; else as declared',
      },
      { flags: '--never', description: 'it does not expire' },
    ],
    example: 'reseal record crates-io --expires 2027-06-01',
    load: () => import('./commands/record.ts'),
  },
  {
    usage: 'demo',
    group: 'Start',
    summary: 'the whole job against embedded stand-ins; nothing outside is touched',
    options: [{ flags: '--auto', description: 'drive itself, and print each step as it is proven' }],
    load: () => import('./commands/demo.ts'),
  },
  {
    usage: 'status',
    group: 'Every day',
    summary:
      'every credential: where it lives, days left, state, next mail; undelivered mail; the daemon’s last beat',
    options: [
      { flags: '--wide', description: 'draw the coming year below it: expiries, and reminders before them' },
    ],
    example: 'reseal status --wide',
    load: () => import('./commands/status.ts'),
  },
  {
    usage: 'remind',
    group: 'Every day',
    summary: 'one sweep now: send what is due; beside a running daemon, queue it',
    options: [
      { flags: '--dry-run', description: 'show what is due, and send nothing' },
      {
        flags: '--test <address>',
        description: 'send one mail by the real template, and touch nothing owed',
      },
    ],
    example: 'reseal remind --test joao@example.org',
    load: () => import('./commands/remind.ts'),
  },
  {
    usage: 'ack <name>',
    group: 'Every day',
    summary: 'quiet until a date: no later than three days before expiry, and seven days at a time after it',
    options: [{ flags: '--until <date>', description: 'until when' }],
    example: 'reseal ack crates-io --until 2027-05-20',
    load: () => import('./commands/ack.ts'),
  },
  {
    usage: 'retire <name>',
    group: 'Every day',
    summary: 'no more reminders, until a version is recorded again',
    load: () => import('./commands/retire.ts'),
  },
  {
    usage: 'outbox [verb] [id]',
    group: 'Every day',
    summary: 'what is owed and why it is not delivered; `outbox retry ID` sends again what was given up',
    example: 'reseal outbox retry 12',
    load: () => import('./commands/outbox.ts'),
  },
  {
    usage: 'calendar',
    group: 'Every day',
    summary: 'every known expiry as an iCalendar file with alarms',
    options: [
      {
        flags: '--address',
        description: 'print the address at which the daemon serves it, for a calendar that subscribes',
      },
      { flags: '--new-address', description: 'the same, with another one: the one before ends' },
    ],
    example: 'reseal calendar > expiries.ics',
    load: () => import('./commands/calendar.ts'),
  },
  {
    usage: 'history [name]',
    group: 'Every day',
    summary: 'what happened: all of it, or the story of one credential',
    options: [
      { flags: '--check', description: 'compute the chain of entries again' },
      { flags: '--head <number:hash>', description: 'and compare it with the end of a mail' },
    ],
    example: 'reseal history crates-io',
    load: () => import('./commands/history.ts'),
  },
  {
    usage: 'rotate <name>',
    group: 'Rotation',
    summary:
      'take the new token through a one-shot local form, check it, seal it into GitHub, prove that it landed',
    options: [
      { flags: '--expires <date>', description: 'when the new token expires; else the form asks' },
      { flags: '--lifetime <duration>', description: 'how long the new token lives; else the form asks' },
      { flags: '--never', description: 'the new token does not expire; else the form asks' },
      {
        flags: '--stdin',
        description:
          'read the token from standard input instead (no echo on a terminal); a file byte for byte: --stdin < FILE',
      },
      {
        flags: '--password-file <file>',
        description: 'with --stdin: file that holds the password of a PKCS#12 file',
      },
      { flags: '--port <port>', description: 'port of the form' },
      { flags: '--public-port <port>', description: 'port under which the browser reaches the form' },
      { flags: '--unchecked', description: 'store it although its issuer cannot be asked' },
      {
        flags: '--check-scopes',
        description:
          'crates.io: also ask what the token may do, which costs up to two uploads that publish nothing',
      },
      {
        flags: '--only-missing',
        description: 'store the current version’s token where it is missing, and nowhere else',
      },
      { flags: '--revoked', description: 'the old one does not work any more: every owner is told at once' },
      { flags: '--leaked', description: 'somebody else may have the old one: every owner is told at once' },
    ],
    example: 'reseal rotate crates-io',
    load: () => import('./commands/rotate.ts'),
  },
  {
    usage: 'confirm <name>',
    group: 'Rotation',
    summary:
      'say what only a person knows: what GitHub holds after an unconfirmed or foreign write, or that the old token is revoked',
    options: [
      { flags: '--stored', description: 'the secret in GitHub is the new token, whoever stored it' },
      { flags: '--expires <date>', description: 'with --stored: when it expires, as its issuer shows it' },
      { flags: '--not-stored', description: 'the rotation stored nothing: the old token still stands' },
      { flags: '--old-revoked', description: 'the token that was replaced is revoked at its issuer' },
    ],
    example: 'reseal confirm crates-io --stored --expires 2027-06-01',
    load: () => import('./commands/confirm.ts'),
  },
  {
    usage: 'kinds [name]',
    group: 'Rotation',
    summary: 'what reseal knows of each kind of credential: steps, lifetimes, checks, what a leak means',
    options: [
      {
        flags: '--recognise',
        description: 'say which kind a value on standard input looks like; it is sent nowhere and not shown',
      },
    ],
    example: 'reseal kinds npm-token',
    load: () => import('./commands/kinds.ts'),
  },
  {
    usage: 'verify [pipeline]',
    group: 'Verify',
    summary: 'the runbook’s checklist against the live services; reads, and changes nothing outside',
    options: [
      { flags: '--rule <id>', description: 'one rule alone; its answer is not remembered' },
      {
        flags: '--interactive',
        description: 'also ask about the lines that only a person can see, and remember the answers',
      },
    ],
    example: 'reseal verify rust_sqlite',
    load: () => import('./commands/verify.ts'),
  },
  {
    usage: 'runbook [pipeline]',
    group: 'Verify',
    summary: 'the runbook itself, written from the declared file, as Markdown or as a page',
    options: [{ flags: '--html', description: 'one page that needs nothing else, instead of Markdown' }],
    example: 'reseal runbook rust_sqlite --html > runbook.html',
    load: () => import('./commands/runbook.ts'),
  },
  {
    usage: 'doctor',
    group: 'Verify',
    summary:
      'everything that can be wrong, line by line, with the next step; sends nothing and changes nothing',
    load: () => import('./commands/doctor.ts'),
  },
  {
    usage: 'daemon',
    group: 'Running it',
    summary: 'the long-running service: reminds, and finishes what was interrupted',
    options: [{ flags: '--once', description: 'do what is due and exit' }],
    load: () => import('./commands/daemon.ts'),
  },
  {
    usage: 'healthcheck',
    group: 'Running it',
    summary: 'whether the daemon has come round lately, for a container',
    load: () => import('./commands/healthcheck.ts'),
  },
  {
    usage: 'config <check|show|schema>',
    group: 'Running it',
    summary: 'check the configuration, show it with every default, or print its JSON schema',
    load: () => import('./commands/config.ts'),
  },
  {
    usage: 'backup <file>',
    group: 'Running it',
    summary: 'a complete, checked copy of the database, also while the daemon runs; overwrites nothing',
    example: 'reseal backup "/backups/reseal-$(date +%F).db"',
    load: () => import('./commands/backup.ts'),
  },
  {
    usage: 'restore <file>',
    group: 'Running it',
    summary: 'put a backup in the place of the database, which is kept; sending is held until `resume`',
    example: 'reseal restore /backups/reseal-2027-05-20.db',
    load: () => import('./commands/restore.ts'),
  },
  {
    usage: 'resume',
    group: 'Running it',
    summary: 'after a restore: say what is taken for sent and what goes out, and send again',
    options: [
      {
        flags: '--assume-sent-until <date>',
        description: 'what fell due by then is not sent again; else until the restore',
      },
      { flags: '--send-all', description: 'send everything that is due, also what may have gone out before' },
      { flags: '--dry-run', description: 'show it, and let nothing go' },
    ],
    example: 'reseal resume --assume-sent-until 2027-05-20',
    load: () => import('./commands/resume.ts'),
  },
  {
    usage: 'export',
    group: 'Running it',
    summary: 'everything that reseal knows, as JSON',
    example: 'reseal export > reseal.json',
    load: () => import('./commands/export.ts'),
  },
  {
    usage: 'completion [shell]',
    group: 'More',
    summary: 'the script that completes words in bash, zsh or fish; without a shell: how to install it',
    example: 'reseal completion bash > ~/.local/share/bash-completion/completions/reseal',
    load: async () => {
      const { completionOf } = await import('./commands/completion.ts');
      return { run: completionOf(COMMANDS) };
    },
  },
  {
    usage: 'version',
    group: 'More',
    summary: 'the version',
    load: () => import('./commands/version.ts'),
  },
];
