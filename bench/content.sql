-- Mixed tables as an ordinary application has them, some 1.3 GB. Made of hashes, never random:
-- the same rows in every cluster of every major.
-- hashint8extended gives the arbitrary numbers, sha512 the bytes that no one compresses.

CREATE TABLE sentences AS
SELECT n AS id, string_agg(
    (ARRAY['the','order','was','shipped','from','Köln','to','client','with','invoice','error','retry',
           'payment','accepted','by','bank','warehouse','moved','pallet','über','naïve','склад',
           'заказ','出荷','確認','customer','called','about','late','parcel','refund','granted'])
        [1 + (abs(hashint8extended(n * 100 + w, 7)) % 32)::integer], ' ' ORDER BY w) AS body
FROM generate_series(1, 20000) AS n, generate_series(1, 16) AS w
GROUP BY n;
ALTER TABLE sentences ADD PRIMARY KEY (id);

CREATE TABLE customers AS
SELECT n AS id, md5(n::text) || '@example.org' AS email,
       'Customer ' || n AS full_name, timestamptz '2020-01-01 00:00+00' + n * interval '97 seconds' AS since,
       CASE WHEN n % 3 = 0 THEN NULL ELSE jsonb_build_object('language', n % 12, 'letters', n % 2 = 0) END AS choices
FROM generate_series(1, 400000) AS n;
ALTER TABLE customers ADD PRIMARY KEY (id);

CREATE TABLE order_items AS
SELECT n AS id, (n / 4)::integer AS order_id, (abs(hashint8extended(n, 1)) % 400000)::integer AS customer_id,
       (abs(hashint8extended(n, 2)) % 9000)::integer AS product_id, (1 + n % 7)::smallint AS quantity,
       ((abs(hashint8extended(n, 3)) % 90000) / 100.0)::numeric(12, 2) AS price,
       timestamptz '2021-01-01 00:00+00' + n * interval '31 seconds' AS placed_at
FROM generate_series(1, 5000000::bigint) AS n;
ALTER TABLE order_items ADD PRIMARY KEY (id);

CREATE TABLE events AS
SELECT n AS id, timestamptz '2024-01-01 00:00+00' + n * interval '13 seconds' AS at,
       md5((n % 50000)::text)::uuid AS visitor,
       jsonb_build_object('path', '/p/' || abs(hashint8extended(n, 4)) % 9000, 'ms', n % 977,
                          'agent', (n % 23)::text || '.0', 'ok', n % 50 <> 0) AS payload,
       (abs(hashint8extended(n, 5)) % 1000000) / 1000.0::double precision AS took
FROM generate_series(1, 2000000::bigint) AS n;
ALTER TABLE events ADD PRIMARY KEY (id);

CREATE TABLE documents AS
SELECT n AS id, (SELECT string_agg(body, E'.\n' ORDER BY id) FROM sentences
                 WHERE id BETWEEN 1 + abs(hashint8extended(n, 6)) % 19980
                          AND 10 + abs(hashint8extended(n, 6)) % 19980) AS body
FROM generate_series(1, 220000) AS n;
ALTER TABLE documents ADD PRIMARY KEY (id);

CREATE TABLE attachments AS
SELECT n AS id, 'scan-' || n || '.jpg' AS name,
       (SELECT string_agg(sha512(int8send(n * 100 + part)), '' ORDER BY part)
        FROM generate_series(1, 40) AS part) AS bytes
FROM generate_series(1, 50000::bigint) AS n;
ALTER TABLE attachments ADD PRIMARY KEY (id);

CREATE TABLE pictures AS
SELECT n AS id, lo_from_bytea(0, (
    SELECT string_agg(bytes, '' ORDER BY id) FROM attachments WHERE id BETWEEN n * 8 AND n * 8 + 7
)) AS content
FROM generate_series(1, 1000) AS n;

CREATE INDEX order_items_by_customer ON order_items (customer_id);
