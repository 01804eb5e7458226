-- name: add_score
INSERT OR IGNORE INTO scores (id, at, request, target, cluster, source, by, score, weight, label, comment)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: read
SELECT id, at, request, target, cluster, source, by, score, weight, label, comment FROM scores
WHERE at >= :since AND at < :until
    AND (:target IS NULL OR target = :target) AND (:source IS NULL OR source = :source)
    AND (:request IS NULL OR request = :request)
ORDER BY at DESC, id DESC LIMIT :limit

-- name: known
SELECT name, at, sums FROM evidence WHERE name IN (SELECT value FROM json_each(?))

-- name: evidence
SELECT name, at, sums FROM evidence ORDER BY name

-- name: keep
INSERT INTO evidence (name, at, sums) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET at = excluded.at, sums = excluded.sums

-- name: remember
INSERT INTO memories (name, at, text) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET at = excluded.at, text = excluded.text WHERE excluded.at >= memories.at

-- name: memories
SELECT name, at, text FROM memories ORDER BY name

-- name: trim
DELETE FROM scores WHERE id IN (SELECT id FROM scores WHERE at < :before LIMIT :most)
