-- Rotations that survive anything: what recognises a token, what was replaced and lives on, what somebody else has changed.
ALTER TABLE version ADD COLUMN fingerprint TEXT; -- keyed and cut short; the key is in no database. NULL: never pasted here
ALTER TABLE version ADD COLUMN revoked_at TEXT; -- when somebody said, or saw, that its issuer does not know it any more

ALTER TABLE rotation ADD COLUMN completes INTEGER; -- version whose missing destinations it stores; NULL: it makes a new one

-- '': at the next round; NULL: nothing is to be looked at, because nothing was ever stored there
ALTER TABLE destination ADD COLUMN look_at TEXT;
ALTER TABLE destination ADD COLUMN checked_at TEXT; -- when it was last read to the end
ALTER TABLE destination ADD COLUMN changed_at TEXT; -- when it was first seen missing or changed by somebody else
UPDATE destination SET look_at = '' WHERE remote_updated_at IS NOT NULL;
-- What was recorded by hand after a rotation is what that rotation stored, with another date.
UPDATE destination SET version = (SELECT MAX(version) FROM version WHERE credential = destination.credential)
  WHERE version IS NOT NULL AND NOT EXISTS (SELECT 1 FROM version AS n
    WHERE n.credential = destination.credential AND n.version > destination.version AND n.rotation IS NOT NULL);
CREATE INDEX destination_to_look ON destination (look_at) WHERE look_at IS NOT NULL;

-- Two more topics.
DROP INDEX reminder_owed;
DROP INDEX reminder_dead;
DROP INDEX reminder_by_message;
ALTER TABLE reminder RENAME TO reminder_before;

CREATE TABLE reminder (
  credential TEXT NOT NULL, -- '*': the installation as a whole
  version INTEGER NOT NULL, -- 0: none is recorded
  topic TEXT NOT NULL CHECK (topic IN ('expiry', 'rotated', 'revoked', 'leaked', 'standing', 'unconfirmed', 'changed',
    'old-token', 'configuration')),
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

UPDATE credential SET plan_at = '';
