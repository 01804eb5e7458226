-- Files and batches that callers left with providers, and whose they are. An id is of its provider: two may give the same.

CREATE TABLE belongings (
    kind     TEXT NOT NULL,
    provider TEXT NOT NULL,
    id       TEXT NOT NULL,
    owner    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    purpose  TEXT NOT NULL,
    about    TEXT NOT NULL,
    shown    TEXT NOT NULL,
    open     INTEGER NOT NULL,
    looked   INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    PRIMARY KEY (kind, provider, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX belongings_of ON belongings (kind, owner, number);
CREATE INDEX belongings_open ON belongings (looked) WHERE open = 1;
