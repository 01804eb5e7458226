-- Times are Unix milliseconds, money is nano-dollars, lists are JSON.

CREATE TABLE usage (
    id             TEXT PRIMARY KEY,
    at             INTEGER NOT NULL,
    request        TEXT NOT NULL,
    attempt        INTEGER NOT NULL,
    purpose        TEXT NOT NULL,
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    route          TEXT NOT NULL,
    key            TEXT NOT NULL,
    team           TEXT NOT NULL,
    tags           TEXT NOT NULL,
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write    INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    source         TEXT NOT NULL,
    cost           INTEGER,
    booked         INTEGER NOT NULL,
    price_version  TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    duration       INTEGER,
    first_content  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_by_time ON usage (at);
CREATE INDEX usage_by_request ON usage (request, attempt);

-- Roll-ups, kept up to date by whoever writes usage, in the same transaction. By the hour, so that the days of most time
-- zones can be made of them, and by the day in UTC, for long times; the hours a question cuts are read from usage itself.
CREATE TABLE usage_sums (
    span           INTEGER NOT NULL,
    start          INTEGER NOT NULL,
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    route          TEXT NOT NULL,
    key            TEXT NOT NULL,
    team           TEXT NOT NULL,
    tags           TEXT NOT NULL,
    purpose        TEXT NOT NULL,
    calls          INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    failed         INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write    INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    cost           INTEGER NOT NULL,
    unknown        INTEGER NOT NULL,
    at_most        INTEGER NOT NULL,
    wasted         INTEGER NOT NULL,
    PRIMARY KEY (span, start, provider, model, route, key, team, tags, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    name    TEXT PRIMARY KEY,
    spent   INTEGER NOT NULL,
    held    INTEGER NOT NULL,
    touched INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    id       TEXT PRIMARY KEY,
    owner    TEXT NOT NULL,
    nanos    INTEGER NOT NULL,
    accounts TEXT NOT NULL,
    record   TEXT NOT NULL,
    presumed INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_that_stand ON holds (owner) WHERE presumed = 0;

CREATE TABLE leases (
    owner TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    digest  BLOB NOT NULL UNIQUE,
    hint    TEXT NOT NULL,
    created INTEGER NOT NULL,
    scope   TEXT NOT NULL,
    revoked INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_standing_key_a_name ON keys (name) WHERE revoked IS NULL;
