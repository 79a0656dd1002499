-- What is for sale: countries, categories, products and how their prices changed.

CREATE TABLE countries (
    code char(2) PRIMARY KEY,
    name text NOT NULL,
    vat_percent numeric(4, 2) NOT NULL DEFAULT 0
);

INSERT INTO countries VALUES
    ('CZ', 'Česko', 21), ('DE', 'Deutschland', 19), ('FR', 'France', 20), ('GR', 'Ελλάδα', 24),
    ('IL', 'ישראל', 17), ('IN', 'भारत', 18), ('IS', 'Ísland', 24), ('JP', '日本', 10),
    ('KR', '대한민국', 10), ('PL', 'Polska', 23), ('TH', 'ไทย', 7), ('UA', 'Україна', 20),
    ('AE', 'الإمارات', 5), ('GE', 'საქართველო', 18);

CREATE TABLE categories (
    id serial PRIMARY KEY,
    parent_id integer REFERENCES categories,
    name text NOT NULL,
    UNIQUE NULLS NOT DISTINCT (parent_id, name)
);

INSERT INTO categories (name)
SELECT unnest(ARRAY['Books', 'Kitchen', 'Garden', 'Música', 'Игрушки', '文房具', 'أزياء', 'Möbel']);

INSERT INTO categories (parent_id, name)
SELECT parent.id, parent.name || ' / ' || shelf
FROM categories AS parent, unnest(ARRAY['new', 'used', 'rare', 'sale', 'für Kinder', '限定']) AS shelf
ORDER BY parent.id, shelf;

CREATE TABLE products (
    id integer GENERATED ALWAYS AS IDENTITY (START WITH 1000) PRIMARY KEY,
    sku sku NOT NULL UNIQUE,
    category_id integer NOT NULL REFERENCES categories,
    name text NOT NULL,
    description text,
    price money_amount NOT NULL,
    weight_kg double precision,
    attributes jsonb NOT NULL DEFAULT '{}',
    keywords text[] NOT NULL DEFAULT '{}',
    size warehouse.dimensions,
    picture oid,
    price_with_vat numeric GENERATED ALWAYS AS (round(price * 1.21, 2)) STORED,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (weight_kg > 0)
);

COMMENT ON TABLE products IS 'One row for each article; picture names a large object';
COMMENT ON COLUMN products.price IS 'Net, in euro';

INSERT INTO products (sku, category_id, name, description, price, weight_kg, attributes, keywords,
                      size, updated_at)
SELECT
    pg_temp.word(n, 1, '{BOK,KIT,GAR,MUS,TOY,PEN,FAS,FUR}') || '-' || lpad(n::text, 6, '0'),
    9 + pg_temp.pick(n, 2, 48),
    pg_temp.word(n, 3, '{Quiet,Büro,Élégant,Малый,小さな,قديم,Łódzki,Plain,Grand,Mini}') || ' '
        || pg_temp.word(n, 4, '{lamp,Tasse,chaise,кукла,ノート,حقيبة,zegar,chair,knife,boîte}')
        || ' ' || n,
    CASE WHEN n % 9 = 0 THEN NULL ELSE
        repeat(pg_temp.word(n, 5, ARRAY['Made to last. ', 'Für jeden Tag. ', 'Fait à la main. ',
                                        'Сделано с любовью. ', '職人の手作り。', 'صنع باليد. ']),
               3 + pg_temp.pick(n, 6, 12)) END,
    (100 + pg_temp.pick(n, 7, 49900)) / 100.0,
    CASE WHEN n % 7 = 0 THEN NULL ELSE (1 + pg_temp.pick(n, 8, 9999)) / 1000.0 END,
    jsonb_build_object('colour', pg_temp.word(n, 9, '{red,blau,vert,зелёный,黒}'),
                       'stars', pg_temp.pick(n, 10, 50) / 10.0,
                       'parts', jsonb_build_array(n % 3, n % 5, NULL)),
    ARRAY[pg_temp.word(n, 11, '{gift,home,work}'), pg_temp.word(n, 12, '{été,Winter,春}')],
    CASE WHEN n % 4 = 0 THEN NULL ELSE
        ROW(pg_temp.pick(n, 13, 900), pg_temp.pick(n, 14, 900), n % 300)::warehouse.dimensions END,
    timestamptz '2026-01-01 00:00+00' + pg_temp.pick(n, 15, 8000) * interval '1 hour'
FROM generate_series(1, 4000) AS n;

CREATE INDEX products_by_category ON products (category_id, price);
CREATE INDEX products_by_attribute ON products USING gin (attributes);
CREATE INDEX products_by_lower_name ON products (lower(name));

CREATE TABLE price_changes (
    id bigserial PRIMARY KEY,
    product_id integer NOT NULL REFERENCES products ON DELETE CASCADE,
    old_price money_amount NOT NULL,
    new_price money_amount NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE FUNCTION record_price_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.price <> OLD.price THEN
        INSERT INTO price_changes (product_id, old_price, new_price, changed_at)
        VALUES (OLD.id, OLD.price, NEW.price, NEW.updated_at);
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER keep_old_prices AFTER UPDATE OF price ON products
FOR EACH ROW EXECUTE FUNCTION record_price_change();

UPDATE products SET price = round(price * 0.9, 2), updated_at = updated_at + interval '9 days'
WHERE id % 5 = 0;
