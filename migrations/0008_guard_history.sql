-- A history that nothing takes the place of, whoever is told, and topics and troubles without a closed list.

-- On a connection without recursive_triggers, INSERT OR REPLACE removes the entry that has the same number or hash, and no
-- trigger against removal runs. This one does.
CREATE TRIGGER event_takes_no_place BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq OR hash = NEW.hash)
BEGIN
  SELECT RAISE(ABORT, 'history: entries are not replaced');
END;

-- Who was told when the register was last brought in line with the configuration: whoever is told no more learns of it.
CREATE TABLE audience (
  id INTEGER PRIMARY KEY CHECK (id = 1), -- one row
  policy TEXT NOT NULL, -- JSON with a checksum in front: addresses of owners, escalation, webhooks
  since TEXT NOT NULL
) STRICT;

-- As before, for whatever may be wrong with the installation.
ALTER TABLE trouble RENAME TO trouble_before;
CREATE TABLE trouble (
  name TEXT PRIMARY KEY, -- see TroubleName
  detail TEXT NOT NULL,
  since TEXT NOT NULL
) STRICT;
INSERT INTO trouble SELECT name, detail, since FROM trouble_before;
DROP TABLE trouble_before;

-- As before, for any topic: the next one needs no other table.
DROP INDEX reminder_owed;
DROP INDEX reminder_dead;
DROP INDEX reminder_by_message;
ALTER TABLE reminder RENAME TO reminder_before;

CREATE TABLE reminder (
  credential TEXT NOT NULL, -- '*': the installation as a whole; 'pipeline:NAME': what was found there
  version INTEGER NOT NULL, -- 0: none is recorded; see ReminderKey for the other topics
  topic TEXT NOT NULL, -- see Topic
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
