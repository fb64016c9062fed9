-- What GitHub last said of reseal's own tokens. No row: nobody has asked yet.
CREATE TABLE own_token (
  credential TEXT PRIMARY KEY, -- its name in the register
  asked_at TEXT NOT NULL,
  refused_since TEXT, -- NULL: it was accepted
  file_stamp INTEGER NOT NULL -- when its file had last been written or put there, in ms: another file is another token
) STRICT;
