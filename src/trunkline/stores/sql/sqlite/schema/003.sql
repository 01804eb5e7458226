-- Why the call went where it went, as JSON, on the record of its first attempt; empty where nothing was decided.

ALTER TABLE usage ADD COLUMN decision TEXT NOT NULL DEFAULT '';
