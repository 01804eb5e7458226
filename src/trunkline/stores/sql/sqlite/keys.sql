-- name: find
SELECT id, name, digest, hint, created, scope, revoked FROM keys WHERE digest = ?

-- name: add
INSERT INTO keys (id, name, digest, hint, created, scope, revoked) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) WHERE revoked IS NULL DO NOTHING

-- name: revoke
UPDATE keys SET revoked = :at WHERE name = :name AND revoked IS NULL

-- name: list
SELECT id, name, digest, hint, created, scope, revoked FROM keys ORDER BY created, id
