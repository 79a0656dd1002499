-- What the owner looks at: a view and a materialized view over orders and stock.

CREATE VIEW customer_totals AS
SELECT customer.id, customer.full_name, count(*) AS items,
       sum(item.quantity * item.unit_price) AS spent
FROM customers AS customer
JOIN orders AS bought ON bought.customer_id = customer.id
JOIN order_items AS item ON item.order_id = bought.id
GROUP BY customer.id;

CREATE MATERIALIZED VIEW monthly_sales AS
SELECT date_trunc('month', bought.placed_at AT TIME ZONE 'UTC') AS month, bought.state,
       count(DISTINCT bought.id) AS orders, sum(item.quantity * item.unit_price) AS total
FROM orders AS bought
JOIN order_items AS item ON item.order_id = bought.id
GROUP BY 1, 2;

CREATE UNIQUE INDEX monthly_sales_by_month ON monthly_sales (month, state);
COMMENT ON MATERIALIZED VIEW monthly_sales IS 'Refreshed at night';

GRANT SELECT ON customer_totals, monthly_sales TO PUBLIC;
