-- name: count
SELECT count(*) FROM belongings WHERE kind = :kind AND owner = :owner AND (open = 1 OR kind = 'file')

-- name: add
INSERT INTO belongings (kind, provider, id, owner, at, purpose, about, shown, open, looked, number)
VALUES (:kind, :provider, :id, :owner, :at, :purpose, :about, :shown, :open, :looked,
    (SELECT ifnull(max(number), 0) + 1 FROM belongings WHERE kind = :kind AND owner = :owner))
ON CONFLICT DO NOTHING

-- name: find
SELECT kind, provider, id, owner, at, purpose, about, shown, open, looked FROM belongings
WHERE kind = :kind AND id = :id ORDER BY provider

-- name: newest
SELECT kind, provider, id, owner, at, purpose, about, shown, open, looked FROM belongings
WHERE kind = :kind AND owner = :owner AND shown <> '' AND (:purpose IS NULL OR purpose = :purpose)
    AND (:after IS NULL
        OR number < (SELECT min(number) FROM belongings WHERE kind = :kind AND owner = :owner AND id = :after))
ORDER BY number DESC LIMIT :limit

-- name: oldest
SELECT kind, provider, id, owner, at, purpose, about, shown, open, looked FROM belongings
WHERE kind = :kind AND owner = :owner AND shown <> '' AND (:purpose IS NULL OR purpose = :purpose)
    AND (:after IS NULL
        OR number > (SELECT max(number) FROM belongings WHERE kind = :kind AND owner = :owner AND id = :after))
ORDER BY number LIMIT :limit

-- name: change
UPDATE belongings SET shown = :shown, open = min(open, :open), about = :about
WHERE kind = :kind AND provider = :provider AND id = :id

-- name: name
UPDATE OR IGNORE belongings SET id = :id, shown = :shown, open = min(open, :open)
WHERE kind = :kind AND provider = :provider AND id = :before

-- name: drop
DELETE FROM belongings WHERE kind = :kind AND provider = :provider AND id = :id

-- name: any
SELECT EXISTS (SELECT 1 FROM belongings)

-- name: due
SELECT kind, provider, id, owner, at, purpose, about, shown, open, looked FROM belongings
WHERE open = 1 AND looked <= :before ORDER BY looked LIMIT :most

-- name: look
UPDATE belongings SET looked = :now WHERE kind = :kind AND provider = :provider AND id = :id AND open = 1

-- name: trim
DELETE FROM belongings WHERE kind = 'batch' AND open = 0 AND at < :before
