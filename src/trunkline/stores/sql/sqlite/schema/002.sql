-- How good answers were: single scores, and sums of evidence that fade with time (lists of numbers, as JSON).

CREATE TABLE scores (
    id      TEXT PRIMARY KEY,
    at      INTEGER NOT NULL,
    request TEXT NOT NULL,
    target  TEXT NOT NULL,
    cluster TEXT NOT NULL,
    source  TEXT NOT NULL,
    by      TEXT NOT NULL,
    score   REAL,
    weight  REAL NOT NULL,
    label   TEXT NOT NULL,
    comment TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX scores_by_time ON scores (at);
CREATE INDEX scores_by_request ON scores (request);

CREATE TABLE evidence (
    name TEXT PRIMARY KEY,
    at   INTEGER NOT NULL,
    sums TEXT NOT NULL
) STRICT, WITHOUT ROWID;
