-- Goods on shelves: where they lie, how many there are, and how they moved.

CREATE TABLE warehouse.sites (
    id smallint PRIMARY KEY,
    name text NOT NULL,
    place point,
    opened time with time zone
);

INSERT INTO warehouse.sites VALUES
    (1, 'Brno – sever', '(16.61,49.22)', '06:30+01'), (2, 'Łódź', '(19.46,51.77)', NULL),
    (3, '横浜', '(139.64,35.44)', '08:00+09'), (4, 'جبل علي', NULL, '07:00+04');

CREATE TABLE warehouse.stock (
    site_id smallint NOT NULL REFERENCES warehouse.sites,
    product_id integer NOT NULL REFERENCES public.products,
    quantity integer NOT NULL CHECK (quantity >= 0),
    shelf text,
    PRIMARY KEY (site_id, product_id)
);

INSERT INTO warehouse.stock
SELECT site.id, product.id, pg_temp.pick(product.id, 70 + site.id, 500),
       CASE WHEN product.id % 11 = 0 THEN NULL ELSE chr(65 + product.id % 26) || product.id % 90 END
FROM warehouse.sites AS site, public.products AS product;

CREATE TABLE warehouse.movements (
    id bigserial PRIMARY KEY,
    site_id smallint NOT NULL,
    product_id integer NOT NULL,
    moved integer NOT NULL,
    moved_at timestamptz NOT NULL
);

INSERT INTO warehouse.movements (site_id, product_id, moved, moved_at)
SELECT 1 + pg_temp.pick(n, 80, 4), 1000 + pg_temp.pick(n, 81, 4000), pg_temp.pick(n, 82, 41) - 20,
       timestamptz '2026-05-01 06:00+00' + n * interval '7 minutes'
FROM generate_series(1, 20000) AS n;

ALTER TABLE warehouse.movements
    ADD FOREIGN KEY (site_id, product_id) REFERENCES warehouse.stock;

CREATE FUNCTION warehouse.available(wanted integer) RETURNS bigint
LANGUAGE plpgsql STABLE AS $body$
DECLARE
    found bigint;
BEGIN
    SELECT coalesce(sum(quantity), 0) INTO found FROM warehouse.stock WHERE product_id = wanted;
    RETURN found;
END
$body$;

COMMENT ON FUNCTION warehouse.available(integer) IS 'Pieces of one product on all sites together';
