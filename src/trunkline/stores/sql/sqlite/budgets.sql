-- Whole pages of the books are read and written at once, as JSON: a statement for each row would hand Python's lock to the
-- event loop and back for each, which under load costs milliseconds a time.

-- name: load_accounts
SELECT json_group_array(json_array(name, spent, held)) FROM accounts WHERE name IN (SELECT value FROM json_each(?))

-- name: load_holds
SELECT json_group_array(json_array(id, owner, nanos, json(accounts), json(record), json(iif(presumed, 'true', 'false'))))
FROM holds WHERE id IN (SELECT value FROM json_each(?))

-- name: save_accounts
INSERT INTO accounts (name, spent, held, touched)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), :now
FROM json_each(:rows) WHERE true
ON CONFLICT (name) DO UPDATE SET spent = excluded.spent, held = excluded.held, touched = excluded.touched

-- name: save_holds
INSERT OR REPLACE INTO holds (id, owner, nanos, accounts, record, presumed, at)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
       json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'), :now
FROM json_each(:rows)

-- name: drop_holds
DELETE FROM holds WHERE id IN (SELECT value FROM json_each(?))

-- name: renew
INSERT INTO leases (owner, until) VALUES (:owner, :until) ON CONFLICT (owner) DO UPDATE SET until = excluded.until

-- name: ended_leases
DELETE FROM leases WHERE until <= :now

-- name: orphans
SELECT json_group_array(id) FROM
    (SELECT id FROM holds WHERE presumed = 0 AND owner NOT IN (SELECT owner FROM leases) LIMIT :most)

-- name: trim_holds
DELETE FROM holds WHERE presumed = 1 AND at < :before

-- name: trim_accounts
DELETE FROM accounts WHERE touched < :before AND held = 0
