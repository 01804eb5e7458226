-- name: known
SELECT json_group_array(id) FROM usage WHERE id IN (SELECT value FROM json_each(?))

-- name: add
INSERT OR IGNORE INTO usage (id, at, request, attempt, purpose, provider, model, route, key, team, tags, input, cache_read,
    cache_write, cache_write_1h, output, reasoning, source, cost, booked, price_version, outcome, duration, first_content,
    decision)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
    json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'),
    json_extract(value, '$[8]'), json_extract(value, '$[9]'), json_extract(value, '$[10]'), json_extract(value, '$[11]'),
    json_extract(value, '$[12]'), json_extract(value, '$[13]'), json_extract(value, '$[14]'), json_extract(value, '$[15]'),
    json_extract(value, '$[16]'), json_extract(value, '$[17]'), json_extract(value, '$[18]'), json_extract(value, '$[19]'),
    json_extract(value, '$[20]'), json_extract(value, '$[21]'), json_extract(value, '$[22]'), json_extract(value, '$[23]'),
    json_extract(value, '$[24]')
FROM json_each(?)

-- name: withdraw
DELETE FROM usage WHERE id IN (SELECT value FROM json_each(?))

-- name: roll_up
INSERT INTO usage_sums (span, start, provider, model, route, key, team, tags, purpose, calls, attempts, failed, input,
    cache_read, cache_write, cache_write_1h, output, reasoning, cost, unknown, at_most, wasted)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
    json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'),
    json_extract(value, '$[8]'), json_extract(value, '$[9]'), json_extract(value, '$[10]'), json_extract(value, '$[11]'),
    json_extract(value, '$[12]'), json_extract(value, '$[13]'), json_extract(value, '$[14]'), json_extract(value, '$[15]'),
    json_extract(value, '$[16]'), json_extract(value, '$[17]'), json_extract(value, '$[18]'), json_extract(value, '$[19]'),
    json_extract(value, '$[20]'), json_extract(value, '$[21]')
FROM json_each(?) WHERE true
ON CONFLICT (span, start, provider, model, route, key, team, tags, purpose) DO UPDATE SET
    calls = calls + excluded.calls, attempts = attempts + excluded.attempts, failed = failed + excluded.failed,
    input = input + excluded.input, cache_read = cache_read + excluded.cache_read,
    cache_write = cache_write + excluded.cache_write, cache_write_1h = cache_write_1h + excluded.cache_write_1h,
    output = output + excluded.output, reasoning = reasoning + excluded.reasoning, cost = cost + excluded.cost,
    unknown = unknown + excluded.unknown, at_most = at_most + excluded.at_most, wasted = wasted + excluded.wasted

-- name: read
SELECT id, at, request, attempt, purpose, provider, model, route, key, team, tags, input, cache_read, cache_write,
    cache_write_1h, output, reasoning, source, cost, booked, price_version, outcome, duration, first_content,
    decision, EXISTS (SELECT 1 FROM usage later WHERE later.request = usage.request AND later.attempt > usage.attempt)
FROM usage
WHERE at >= :since AND at < :until
    AND (:provider IS NULL OR provider = :provider) AND (:model IS NULL OR model = :model)
    AND (:key IS NULL OR key = :key) AND (:team IS NULL OR team = :team)
    AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(tags) WHERE value = :tag))
ORDER BY at DESC, id DESC LIMIT :limit

-- name: of
SELECT id, at, request, attempt, purpose, provider, model, route, key, team, tags, input, cache_read, cache_write,
    cache_write_1h, output, reasoning, source, cost, booked, price_version, outcome, duration, first_content,
    decision, EXISTS (SELECT 1 FROM usage later WHERE later.request = usage.request AND later.attempt > usage.attempt)
FROM usage WHERE request = ? ORDER BY attempt, id LIMIT 1000

-- name: sum
WITH lines AS (
    SELECT provider, model, route, key, team, tags, purpose, calls, attempts, failed, input, cache_read, cache_write,
        cache_write_1h, output, reasoning, cost, unknown, at_most, wasted
    FROM usage_sums WHERE span = 86400000 AND start >= :first_day AND start < :last_day
    UNION ALL
    SELECT provider, model, route, key, team, tags, purpose, calls, attempts, failed, input, cache_read, cache_write,
        cache_write_1h, output, reasoning, cost, unknown, at_most, wasted
    FROM usage_sums WHERE span = 3600000
        AND ((start >= :first_hour AND start < :first_day) OR (start >= :last_day AND start < :last_hour))
    UNION ALL
    SELECT provider, model, route, key, team, tags, purpose, attempt = 1 AND purpose IN ('call', 'probe', 'batch'), 1, outcome <> 'ok', input,
        cache_read, cache_write, cache_write_1h, output, reasoning, ifnull(cost, 0), cost IS NULL,
        iif(cost IS NULL, booked, 0), iif(outcome <> 'ok', ifnull(cost, 0), 0)
    FROM usage
    WHERE (at >= :since AND at < :first_hour) OR (at >= :last_hour AND at < :until)
)
SELECT CASE :by WHEN 'provider' THEN provider WHEN 'model' THEN model WHEN 'target' THEN provider || '/' || model
        WHEN 'route' THEN route WHEN 'key' THEN key WHEN 'team' THEN team WHEN 'tag' THEN tags
        WHEN 'purpose' THEN purpose ELSE '' END AS grouped,
    sum(calls), sum(attempts), sum(failed), sum(input), sum(cache_read), sum(cache_write), sum(cache_write_1h), sum(output),
    sum(reasoning), sum(cost), sum(unknown), sum(at_most), sum(wasted)
FROM lines
WHERE (:provider IS NULL OR provider = :provider) AND (:model IS NULL OR model = :model)
    AND (:key IS NULL OR key = :key) AND (:team IS NULL OR team = :team)
    AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(lines.tags) WHERE value = :tag))
GROUP BY grouped HAVING sum(attempts) <> 0 ORDER BY grouped

-- name: trim
DELETE FROM usage WHERE id IN (SELECT id FROM usage WHERE at < :before LIMIT :most)

-- name: trim_sums
DELETE FROM usage_sums WHERE span = :span AND start < :before
