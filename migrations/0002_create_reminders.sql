-- What is owed. A row comes into being with the fact that makes it due, and its key depends on no clock.
CREATE TABLE reminder (
  id INTEGER PRIMARY KEY,
  credential TEXT NOT NULL REFERENCES credential (name),
  version INTEGER NOT NULL,
  topic TEXT NOT NULL CHECK (topic IN ('expiry', 'rotated', 'revoked', 'leaked', 'standing', 'unconfirmed')),
  lead_days INTEGER NOT NULL, -- days before expiry, negative after it; 0 for the other topics
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL, -- a bare address
  due_at TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('owed', 'carried', 'covered', 'cancelled')),
  covered_by INTEGER REFERENCES reminder (id), -- the tighter one that said it too
  message TEXT REFERENCES message (id), -- the message that carries it
  created_at TEXT NOT NULL,
  UNIQUE (credential, version, topic, lead_days, channel, recipient) -- owed once, however often it is planned
) STRICT;

CREATE INDEX reminder_by_state ON reminder (state, due_at);

-- What is sent: one recipient each.
CREATE TABLE message (
  id TEXT PRIMARY KEY, -- hash of the keys of the reminders it carries, so that one set is never sent as two messages
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'in-flight', 'sent', 'ambiguous', 'dead', 'cancelled')),
  stage TEXT CHECK (stage IN ('claimed', 'data')), -- 'data': the server has said 354, so it may have the message
  attempts INTEGER NOT NULL,
  repeats INTEGER NOT NULL, -- sent again after an answer was lost
  refusals INTEGER NOT NULL, -- times that the server has said no for good
  owner_epoch TEXT, -- the run of the daemon that claimed it
  claim INTEGER NOT NULL, -- counts claims: an outdated holder can change nothing
  next_attempt_at TEXT NOT NULL,
  first_due_at TEXT NOT NULL,
  message_id TEXT UNIQUE, -- RFC 5322; the same on every repeat
  payload BLOB, -- the bytes that went out, so that a repeat after a lost answer is the same mail
  last_code INTEGER,
  last_error TEXT,
  created_at TEXT NOT NULL,
  sent_at TEXT
) STRICT;

CREATE INDEX message_by_state ON message (state, next_attempt_at);
CREATE INDEX reminder_by_message ON reminder (message);
