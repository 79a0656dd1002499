-- Large objects: a picture (PGM, 64 × 64 grey) for some products, an invoice for some orders.

UPDATE products SET picture = lo_from_bytea(0, convert_to(E'P5\n64 64\n255\n', 'UTF8') || pixels.grey)
FROM (
    SELECT product.id, decode(string_agg(
        lpad(to_hex((x * y + product.id * (x + y)) % 256), 2, '0'), '' ORDER BY y, x), 'hex') AS grey
    FROM products AS product, generate_series(0, 63) AS x, generate_series(0, 63) AS y
    WHERE product.id % 160 = 0
    GROUP BY product.id
) AS pixels
WHERE products.id = pixels.id;

CREATE TABLE invoices (
    number text PRIMARY KEY,
    order_id bigint NOT NULL,
    placed_at timestamptz NOT NULL,
    document oid NOT NULL UNIQUE,
    FOREIGN KEY (order_id, placed_at) REFERENCES orders (id, placed_at)
);

INSERT INTO invoices
SELECT format('2026/%s', lpad(bought.id::text, 6, '0')), bought.id, bought.placed_at,
       lo_from_bytea(0, convert_to(repeat(format(
           E'Faktura / Rechnung / 請求書 %s — %s\n', bought.id, bought.placed_at), 60), 'UTF8'))
FROM orders AS bought
WHERE bought.id % 2000 = 0
ORDER BY bought.id;
