-- What happened. Each entry holds the hash of the one before it; entries are added and never changed.
CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL, -- user@host of the process
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  result TEXT NOT NULL,
  detail TEXT NOT NULL, -- JSON, metadata only
  prev TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE -- two entries alike in everything would be one entry
) STRICT;

CREATE TRIGGER event_follows_the_last BEFORE INSERT ON event
WHEN NEW.seq <> COALESCE((SELECT MAX(seq) FROM event), 0) + 1
  OR (NEW.seq > 1 AND NEW.prev <> (SELECT hash FROM event WHERE seq = NEW.seq - 1))
BEGIN
  SELECT RAISE(ABORT, 'history: an entry must follow the last one');
END;

CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event
BEGIN
  SELECT RAISE(ABORT, 'history: entries are not changed');
END;

CREATE TRIGGER event_is_not_removed BEFORE DELETE ON event
BEGIN
  SELECT RAISE(ABORT, 'history: entries are not removed');
END;
