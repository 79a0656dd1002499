-- What was bought: orders by month, their items, payments and (still unused) gift cards.

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY,
    placed_at timestamptz NOT NULL,
    customer_id bigint NOT NULL,
    state order_state NOT NULL DEFAULT 'cart',
    note text,
    PRIMARY KEY (id, placed_at)
) PARTITION BY RANGE (placed_at);

DO $body$
DECLARE
    first_day date;
BEGIN
    FOR month IN 0..9 LOOP
        first_day := date '2026-01-01' + make_interval(months => month);
        EXECUTE format(
            'CREATE TABLE orders_%s PARTITION OF orders FOR VALUES FROM (%L) TO (%L)',
            to_char(first_day, 'YYYY_MM'), first_day::timestamptz,
            (first_day + interval '1 month')::timestamptz);
    END LOOP;
END
$body$;

CREATE TABLE orders_other PARTITION OF orders DEFAULT;

INSERT INTO orders (placed_at, customer_id, state, note)
SELECT
    timestamptz '2025-12-28 00:00+00' + n * interval '8 minutes 47 seconds',
    1 + pg_temp.pick(n, 60, 20000),
    pg_temp.word(n, 61, '{cart,placed,paid,shipped,delivered,delivered,returned}')::order_state,
    CASE n % 20 WHEN 3 THEN 'Bitte klingeln' WHEN 7 THEN 'Оставить у двери' WHEN 11 THEN '置き配で' END
FROM generate_series(1, 50000) AS n;

ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX open_orders ON orders (placed_at) WHERE state IN ('placed', 'paid');

CREATE TABLE order_items (
    order_id bigint NOT NULL,
    placed_at timestamptz NOT NULL,
    line smallint NOT NULL,
    product_id integer NOT NULL,
    quantity integer NOT NULL,
    unit_price money_amount NOT NULL,
    discount numeric
);

INSERT INTO order_items
SELECT bought.id, bought.placed_at, line, product.id, 1 + pg_temp.pick(bought.id, line, 5),
       product.price, CASE WHEN bought.id % 10 = 0 THEN 0.05 * line END
FROM orders AS bought
CROSS JOIN LATERAL generate_series(1, 1 + (bought.id % 5)::integer) AS line
JOIN products AS product ON product.id = 1000 + pg_temp.pick(bought.id * 8 + line, 62, 4000);

ALTER TABLE order_items
    ADD PRIMARY KEY (order_id, line),
    ADD CHECK (quantity > 0),
    ADD FOREIGN KEY (order_id, placed_at) REFERENCES orders (id, placed_at),
    ADD FOREIGN KEY (product_id) REFERENCES products;
CREATE INDEX order_items_by_product ON order_items (product_id);

CREATE TABLE payments (
    id integer PRIMARY KEY DEFAULT 0,
    order_id bigint NOT NULL,
    placed_at timestamptz NOT NULL,
    amount money_amount NOT NULL,
    reference bytea,
    answer json,
    paid_at timestamp without time zone
);
CREATE SEQUENCE payment_numbers START WITH 700000 INCREMENT BY 7 OWNED BY payments.id;
ALTER TABLE payments ALTER COLUMN id SET DEFAULT nextval('payment_numbers');

-- json, not jsonb: the key order and the double blanks have to survive a restore.
INSERT INTO payments (order_id, placed_at, amount, reference, answer, paid_at)
SELECT
    id, placed_at, (100 + pg_temp.pick(id, 63, 90000)) / 100.0,
    CASE WHEN id % 3 = 0 THEN NULL ELSE decode(md5(id::text), 'hex') END,
    format('{"z":  %s, "status": "ok", "bank": %s}', id,
           to_json(pg_temp.word(id, 64, '{Sparkasse,"Crédit",みずほ}')))::json,
    placed_at AT TIME ZONE 'UTC' + interval '5 minutes'
FROM orders WHERE state NOT IN ('cart', 'placed');

ALTER TABLE payments ADD FOREIGN KEY (order_id, placed_at) REFERENCES orders (id, placed_at);

CREATE TABLE gift_cards (
    code bit(24) PRIMARY KEY,
    worth money_amount NOT NULL,
    valid_for interval,
    order_id bigint
);

COMMENT ON TABLE gift_cards IS 'Empty until the first one is sold';
