-- States of comparisons that must outlive the process that made them, as JSON; the latest of each name.

CREATE TABLE memories (
    name TEXT PRIMARY KEY,
    at   INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
