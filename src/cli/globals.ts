/** The options of every command, as commander reads them. */
export const GLOBAL_OPTIONS = [
  { flags: '--config <file>', description: 'the configuration file' },
  { flags: '--data-dir <dir>', description: 'where the database is' },
  { flags: '--json', description: 'print results as JSON' },
  { flags: '--quiet', description: 'print results only' },
  { flags: '--no-color', description: 'no colours' },
] as const;

/** What the program ends with, and what that says. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done, nothing needs a person'],
  ['1', 'done, and something needs a person (due, expired, undelivered mail)'],
  ['2', 'wrong usage or configuration, or not initialised'],
  ['3', 'refused or failed: nothing was changed'],
  ['4', 'unsettled: unconfirmed, or stored at some destinations only'],
  ['70', 'a bug'],
  ['130', 'and 143: stopped by a signal'],
];

/** What holds for all commands, each in one sentence. */
export const NOTES: readonly (readonly [title: string, text: string])[] = [
  ['Dates', '2027-06-01 (its first instant in UTC), or an instant such as 2027-06-01T12:00:00Z'],
  [
    'Configuration',
    '--config, else $RESEAL_CONFIG, else ~/.config/reseal/config.yaml, else /etc/reseal/config.yaml',
  ],
  ['Data', '--data-dir, else $RESEAL_DATA_DIR, else ~/.local/state/reseal (as root: /var/lib/reseal)'],
];
