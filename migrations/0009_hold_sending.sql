-- A restored or a damaged database sends nothing, and an older program can say which one it needs.
ALTER TABLE migration ADD COLUMN program TEXT; -- version of the program that applied it; NULL: an older one, which noted nothing

-- Whoever sends says first that the data begins, so that nothing leaves past these two. 'held': see TroubleName.
CREATE TRIGGER message_is_held BEFORE UPDATE OF stage ON message
WHEN NEW.stage = 'data' AND EXISTS (SELECT 1 FROM trouble WHERE name = 'held')
BEGIN
  SELECT RAISE(IGNORE);
END;

-- A damaged page may name another recipient: what the message says, what its reminders say, and both copies of the address that
-- SQLite keeps, in the table and in its index, must agree.
CREATE TRIGGER message_is_for_its_recipient BEFORE UPDATE OF stage ON message
WHEN NEW.stage = 'data' AND (
  EXISTS (SELECT 1 FROM reminder WHERE message = NEW.id AND state = 'carried' AND recipient <> NEW.recipient)
  OR NOT EXISTS (SELECT 1 FROM recipient AS p NOT INDEXED JOIN recipient AS i INDEXED BY sqlite_autoindex_recipient_1
    ON i.channel = p.channel AND i.address = p.address WHERE p.id = NEW.recipient AND i.id = p.id))
BEGIN
  SELECT RAISE(ABORT, 'damaged: a message and its recipient do not belong together');
END;
