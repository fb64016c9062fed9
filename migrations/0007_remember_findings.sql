-- What verification found, so that a change is told once and a failure is known since when.
CREATE TABLE verification (
  pipeline TEXT PRIMARY KEY, -- its name; kept when it leaves the configuration, so that no run number comes again
  run INTEGER NOT NULL, -- counts its runs: the version of what is owed about it
  checked_at TEXT NOT NULL,
  look_at TEXT NOT NULL, -- when it is to be verified next
  last_complete_at TEXT, -- when nothing was unknown; NULL: never yet
  pass INTEGER NOT NULL,
  fail INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  not_applicable INTEGER NOT NULL,
  manual INTEGER NOT NULL
) STRICT;

-- What was last seen of each rule and subject.
CREATE TABLE finding (
  pipeline TEXT NOT NULL REFERENCES verification (pipeline),
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('pass', 'fail', 'unknown', 'not-applicable', 'manual')),
  severity TEXT NOT NULL CHECK (severity IN ('high', 'medium', 'low')),
  section INTEGER NOT NULL CHECK (section BETWEEN 1 AND 6),
  expected TEXT NOT NULL,
  observed TEXT NOT NULL,
  remedy TEXT NOT NULL,
  first_seen_at TEXT NOT NULL, -- when the present outcome began
  last_seen_at TEXT NOT NULL,
  known_outcome TEXT CHECK (known_outcome IN ('pass', 'fail', 'not-applicable', 'manual')), -- the last that was not 'unknown'
  known_at TEXT, -- when it was last not 'unknown'; NULL: never yet
  failed_at TEXT, -- when its last failure began
  resolved_at TEXT, -- when that ended; NULL while it stands, also while nobody can see it
  change TEXT CHECK (change IN ('failed', 'worse', 'recovered', 'blind', 'seen-again', 'lapsed')), -- the last that was to be told
  change_since TEXT, -- since when what the change is about had been so
  change_run INTEGER, -- the run that saw it; NULL: there is nothing to tell of it
  PRIMARY KEY (pipeline, rule, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX finding_to_tell ON finding (pipeline, change_run) WHERE change_run IS NOT NULL;

-- Lines of the runbook that only a person can see.
CREATE TABLE manual_confirmation (
  pipeline TEXT NOT NULL,
  key TEXT NOT NULL,
  confirmed_at TEXT NOT NULL,
  actor TEXT NOT NULL, -- user@host
  PRIMARY KEY (pipeline, key)
) STRICT, WITHOUT ROWID;

-- One more topic.
DROP INDEX reminder_owed;
DROP INDEX reminder_dead;
DROP INDEX reminder_by_message;
ALTER TABLE reminder RENAME TO reminder_before;

CREATE TABLE reminder (
  credential TEXT NOT NULL, -- '*': the installation as a whole; 'pipeline:NAME': what was found there
  version INTEGER NOT NULL, -- 0: none is recorded; of 'findings' the run
  topic TEXT NOT NULL CHECK (topic IN ('expiry', 'rotated', 'revoked', 'leaked', 'standing', 'unconfirmed', 'changed',
    'old-token', 'configuration', 'findings')),
  lead_days INTEGER NOT NULL, -- days before expiry, negative after it; see ReminderKey for the other topics
  recipient INTEGER NOT NULL REFERENCES recipient (id),
  due_at TEXT NOT NULL,
  not_before TEXT, -- it could not be rendered, and is tried again then
  tries INTEGER NOT NULL, -- times that it could not be rendered
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)), -- 1: it does not wait for the day's one mail
  state TEXT NOT NULL CHECK (state IN ('owed', 'carried', 'covered', 'cancelled', 'dead')),
  covered_by INTEGER, -- lead time of the tighter one that said it too
  message INTEGER REFERENCES message (id), -- the message that carries it
  PRIMARY KEY (credential, version, topic, lead_days, recipient) -- owed once, however often it is planned
) STRICT, WITHOUT ROWID;

INSERT INTO reminder SELECT credential, version, topic, lead_days, recipient, due_at, not_before, tries, urgent, state,
  covered_by, message FROM reminder_before;
DROP TABLE reminder_before;

CREATE INDEX reminder_owed ON reminder (due_at) WHERE state = 'owed';
CREATE INDEX reminder_dead ON reminder (due_at) WHERE state = 'dead';
CREATE INDEX reminder_by_message ON reminder (message) WHERE message IS NOT NULL;
