-- What is registered: metadata only. No table of any migration has a column for a token.
CREATE TABLE installation (
  id INTEGER PRIMARY KEY CHECK (id = 1), -- one row: a database belongs to one installation
  install_id TEXT NOT NULL, -- random; part of every Message-ID and the start of the history chain
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE config_snapshot (
  sha256 TEXT PRIMARY KEY, -- of the file's bytes: the validated form of just that text
  program TEXT NOT NULL, -- version that validated it; another one validates again
  body TEXT NOT NULL, -- JSON of the validated configuration
  loaded_at TEXT NOT NULL
) STRICT;

CREATE TABLE credential (
  name TEXT PRIMARY KEY, -- people type it
  declaration TEXT NOT NULL, -- JSON as last declared: kept so that a credential that leaves the file is still reminded of
  declared INTEGER NOT NULL CHECK (declared IN (0, 1)), -- 0: no longer in the configuration
  acknowledged_until TEXT,
  first_seen_at TEXT NOT NULL,
  retired_at TEXT
) STRICT;

CREATE TABLE rotation (
  id TEXT PRIMARY KEY, -- random
  credential TEXT NOT NULL REFERENCES credential (name),
  state TEXT NOT NULL CHECK (state IN ('opened', 'submitted', 'checked', 'intended', 'stored', 'verified', 'recorded',
    'rejected', 'abandoned', 'failed', 'unconfirmed')),
  detail TEXT,
  pid INTEGER NOT NULL, -- who has the form open; for people, the lock file is what counts
  host TEXT NOT NULL,
  chosen TEXT, -- JSON of the version that it is to become, from the first intent on
  opened_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE INDEX rotation_by_credential ON rotation (credential, opened_at);

CREATE TABLE rotation_destination (
  rotation TEXT NOT NULL REFERENCES rotation (id),
  repo TEXT NOT NULL,
  environment TEXT NOT NULL,
  secret TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intended', 'stored', 'verified', 'failed', 'unconfirmed')),
  attempts INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  baseline_updated_at TEXT, -- by GitHub; NULL: the secret did not exist
  intended_at TEXT NOT NULL, -- by GitHub's clock
  remote_updated_at TEXT,
  request_id TEXT,
  detail TEXT,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (rotation, repo, environment, secret) -- one outcome each
) STRICT;

CREATE TABLE version (
  credential TEXT NOT NULL REFERENCES credential (name),
  version INTEGER NOT NULL CHECK (version >= 1),
  created_at TEXT, -- at the issuer; NULL: not known
  lifetime_days INTEGER,
  expiry TEXT NOT NULL CHECK (expiry IN ('known', 'never', 'unknown')),
  expires_at TEXT CHECK ((expiry = 'known') = (expires_at IS NOT NULL)),
  expiry_source TEXT NOT NULL CHECK (expiry_source IN ('entered', 'computed', 'read', 'observed', 'estimated', 'unknown')),
  standing TEXT NOT NULL CHECK (standing IN ('good', 'revoked', 'leaked')),
  checked TEXT NOT NULL CHECK (checked IN ('live', 'unchecked', 'not-asked')),
  rotation TEXT UNIQUE REFERENCES rotation (id), -- a rotation makes at most one version
  recorded_at TEXT NOT NULL,
  PRIMARY KEY (credential, version) -- versions count 1, 2, 3…
) STRICT;

CREATE TABLE destination (
  credential TEXT NOT NULL REFERENCES credential (name),
  repo TEXT NOT NULL,
  environment TEXT NOT NULL,
  secret TEXT NOT NULL,
  version INTEGER, -- the version that was stored there last
  state TEXT NOT NULL CHECK (state IN ('verified', 'unconfirmed', 'missing', 'changed-elsewhere', 'never-stored', 'unknown')),
  stored_at TEXT,
  remote_updated_at TEXT, -- GitHub's time of our last own write
  PRIMARY KEY (credential, repo, environment, secret) -- one row a place
) STRICT;

CREATE TABLE beat (
  name TEXT PRIMARY KEY, -- 'cycle': the daemon came round; 'good-cycle': and nothing failed
  at TEXT NOT NULL,
  pid INTEGER NOT NULL
) STRICT;
