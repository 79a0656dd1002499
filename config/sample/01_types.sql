-- Schemas, extension, types and the one function that makes values from a row's number.
-- Nothing here is random: the same sample comes out everywhere, so two copies can be compared.

CREATE EXTENSION citext;
CREATE SCHEMA warehouse;

COMMENT ON SCHEMA public IS 'The shop as its customers see it';
COMMENT ON SCHEMA warehouse IS 'Goods on shelves: sites, stock and its movements';

CREATE TYPE order_state AS ENUM ('cart', 'placed', 'paid', 'shipped', 'delivered', 'returned');
CREATE DOMAIN sku AS text CHECK (VALUE ~ '^[A-Z]{3}-[0-9]{6}$');
CREATE DOMAIN money_amount AS numeric(12, 2) CHECK (VALUE >= 0);
CREATE TYPE warehouse.dimensions AS (width_mm integer, height_mm integer, depth_mm integer);

-- A whole number from 0 to below - 1 that looks arbitrary and is always the same.
CREATE FUNCTION pg_temp.pick(number bigint, salt bigint, below integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (abs(hashint8extended(number, salt) % below))::integer;

CREATE FUNCTION pg_temp.word(number bigint, salt bigint, words text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN words[1 + (abs(hashint8extended(number, salt) % cardinality(words)))::integer];
