-- The relay for years of mail and a million credentials: what is due is found by an index and not by reading everything, a
-- recipient is written once, and a mail that has gone out leaves little behind.
CREATE TABLE recipient (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  address TEXT NOT NULL, -- a bare mail address, or the name of a webhook
  digest_at TEXT, -- when the day's one mail last went out to them
  UNIQUE (channel, address)
) STRICT;

INSERT INTO recipient (channel, address)
  SELECT channel, recipient FROM reminder UNION SELECT channel, recipient FROM message;

DROP INDEX reminder_by_state;
DROP INDEX reminder_by_message;
DROP INDEX message_by_state;
ALTER TABLE reminder RENAME TO reminder_before;
ALTER TABLE message RENAME TO message_before;

-- What is sent: one recipient each. What it carries says what its Message-ID is.
CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  recipient INTEGER NOT NULL REFERENCES recipient (id),
  state TEXT NOT NULL CHECK (state IN ('pending', 'in-flight', 'sent', 'ambiguous', 'dead', 'cancelled')),
  stage TEXT CHECK (stage IN ('claimed', 'data')), -- 'data': the server has said 354, so it may have the message
  digest INTEGER NOT NULL CHECK (digest IN (0, 1)), -- 1: the day's one mail; 0: it did not wait for the hour
  split INTEGER NOT NULL CHECK (split IN (0, 1)), -- 1: part of one that was too large, so nothing is added to it
  urgency INTEGER NOT NULL, -- least lead time of what it carries: the lowest goes first
  attempts INTEGER NOT NULL,
  repeats INTEGER NOT NULL, -- sent again after an answer was lost
  refusals INTEGER NOT NULL, -- times that the server has said no for good
  claim INTEGER NOT NULL, -- counts claims: an outdated holder can change nothing
  owner_epoch TEXT, -- the run of the daemon that claimed it
  next_attempt_at TEXT, -- NULL once it has ended
  payload BLOB, -- the bytes that went out, until their answer is known: a repeat is the same mail
  last_code INTEGER,
  last_error TEXT,
  sent_at TEXT
) STRICT;

CREATE INDEX message_waiting ON message (urgency, id) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX message_undelivered ON message (urgency, id) WHERE state IN ('pending', 'in-flight', 'ambiguous', 'dead');
CREATE INDEX message_in_flight ON message (id) WHERE state = 'in-flight';
CREATE INDEX message_open_by_recipient ON message (recipient) WHERE state = 'pending';

INSERT INTO message (id, recipient, state, stage, digest, split, urgency, attempts, repeats, refusals, claim, owner_epoch,
    next_attempt_at, payload, last_code, last_error, sent_at)
  SELECT m.rowid, p.id, m.state, m.stage, 1, 0,
    COALESCE((SELECT MIN(lead_days) FROM reminder_before WHERE message = m.id), 0),
    m.attempts, m.repeats, m.refusals, m.claim, m.owner_epoch,
    -- A lost answer was repeated twice at most, and then left to a person.
    CASE WHEN m.state = 'pending' OR (m.state = 'ambiguous' AND m.repeats < 2) THEN m.next_attempt_at END,
    CASE WHEN m.state IN ('in-flight', 'ambiguous') OR (m.state IN ('pending', 'dead') AND m.repeats > 0) THEN m.payload END,
    m.last_code, m.last_error, m.sent_at
  FROM message_before AS m JOIN recipient AS p ON p.channel = m.channel AND p.address = m.recipient;

UPDATE recipient SET digest_at = (SELECT MAX(sent_at) FROM message WHERE recipient = recipient.id AND state = 'sent');

-- What is owed. A row comes into being with the fact that makes it due, and its key depends on no clock.
CREATE TABLE reminder (
  credential TEXT NOT NULL, -- '*': the installation as a whole
  version INTEGER NOT NULL, -- 0: none is recorded
  topic TEXT NOT NULL CHECK (topic IN ('expiry', 'rotated', 'revoked', 'leaked', 'standing', 'unconfirmed', 'configuration')),
  lead_days INTEGER NOT NULL, -- days before expiry, negative after it; of 'standing' the month, counted from year 0
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

CREATE INDEX reminder_owed ON reminder (due_at) WHERE state = 'owed';
CREATE INDEX reminder_dead ON reminder (due_at) WHERE state = 'dead';
CREATE INDEX reminder_by_message ON reminder (message) WHERE message IS NOT NULL;

INSERT INTO reminder (credential, version, topic, lead_days, recipient, due_at, tries, urgent, state, covered_by, message)
  SELECT r.credential, r.version, r.topic, r.lead_days, p.id, r.due_at, 0, r.topic <> 'expiry' OR r.lead_days IN (0, 1), r.state,
    (SELECT lead_days FROM reminder_before WHERE id = r.covered_by),
    (SELECT rowid FROM message_before WHERE id = r.message)
  FROM reminder_before AS r JOIN recipient AS p ON p.channel = r.channel AND p.address = r.recipient;

DROP TABLE reminder_before;
DROP TABLE message_before;

-- When a credential must be planned next. '': at the next sweep, because something about it has changed; '0': because
-- everything is looked at again.
ALTER TABLE credential ADD COLUMN plan_at TEXT DEFAULT '';
UPDATE credential SET plan_at = '';
CREATE INDEX credential_to_plan ON credential (plan_at) WHERE plan_at IS NOT NULL;

-- Since when a version is revoked or leaked.
ALTER TABLE version ADD COLUMN standing_at TEXT;

ALTER TABLE beat ADD COLUMN host TEXT;

-- A service that carries messages and has failed as a whole: what waits for it is left alone until it is tried again.
CREATE TABLE circuit (
  channel TEXT PRIMARY KEY,
  fault TEXT NOT NULL CHECK (fault IN ('unreachable', 'login')),
  reason TEXT NOT NULL,
  failures INTEGER NOT NULL,
  since TEXT NOT NULL,
  next_try_at TEXT NOT NULL
) STRICT;

-- Times in which no daemon came round: mails say so where they stand for what was missed.
CREATE TABLE outage (
  began_at TEXT PRIMARY KEY,
  ended_at TEXT NOT NULL
) STRICT;

-- What is wrong with the installation as a whole, as long as it is.
CREATE TABLE trouble (
  name TEXT PRIMARY KEY CHECK (name IN ('configuration', 'clock')),
  detail TEXT NOT NULL,
  since TEXT NOT NULL
) STRICT;
