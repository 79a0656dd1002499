"""The triggers that keep the counts: whatever writes a row, it is counted in that transaction.

They only append: two runs that end at once would wait for each other at a shared counter.
"""

FILES = """
CREATE FUNCTION monitoring_tally_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO monitoring_tally (company_id, "of", by, kind, status, count, amount)
        VALUES (OLD.company_id, 'files', OLD.created_by_id, OLD.kind, OLD.status, -1,
                -monitoring_seconds(OLD.status, OLD.started_at, OLD.completed_at));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO monitoring_tally (company_id, "of", by, kind, status, count, amount)
        VALUES (NEW.company_id, 'files', NEW.created_by_id, NEW.kind, NEW.status, 1,
                monitoring_seconds(NEW.status, NEW.started_at, NEW.completed_at));
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.company_id, OLD.created_by_id, OLD.kind, OLD.created_at)
            IS NOT DISTINCT FROM (NEW.company_id, NEW.created_by_id, NEW.kind, NEW.created_at) THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO monitoring_tally (company_id, "of", by, kind, quarter, count)
        VALUES (OLD.company_id, 'made', OLD.created_by_id, OLD.kind,
                monitoring_quarter(OLD.created_at), -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO monitoring_tally (company_id, "of", by, kind, quarter, count)
        VALUES (NEW.company_id, 'made', NEW.created_by_id, NEW.kind,
                monitoring_quarter(NEW.created_at), 1);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER tally_made AFTER INSERT OR DELETE ON monitoring_trackedfile
    FOR EACH ROW EXECUTE FUNCTION monitoring_tally_file();
CREATE TRIGGER tally_changed AFTER UPDATE ON monitoring_trackedfile
    FOR EACH ROW WHEN (
        (OLD.company_id, OLD.created_by_id, OLD.kind, OLD.status, OLD.created_at,
         OLD.started_at, OLD.completed_at)
        IS DISTINCT FROM
        (NEW.company_id, NEW.created_by_id, NEW.kind, NEW.status, NEW.created_at,
         NEW.started_at, NEW.completed_at))
    EXECUTE FUNCTION monitoring_tally_file();
"""

STORED = """
CREATE FUNCTION monitoring_tally_stored() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state IN ('stored', 'corrupt') THEN
        INSERT INTO monitoring_tally (company_id, "of", count, amount)
        VALUES (OLD.company_id, 'stored', -1, -OLD.size);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state IN ('stored', 'corrupt') THEN
        INSERT INTO monitoring_tally (company_id, "of", count, amount)
        VALUES (NEW.company_id, 'stored', 1, NEW.size);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER tally_stored AFTER INSERT OR DELETE ON storage_storedobject
    FOR EACH ROW EXECUTE FUNCTION monitoring_tally_stored();
CREATE TRIGGER tally_stored_changed AFTER UPDATE ON storage_storedobject
    FOR EACH ROW WHEN (
        (OLD.company_id, OLD.state, OLD.size)
        IS DISTINCT FROM
        (NEW.company_id, NEW.state, NEW.size))
    EXECUTE FUNCTION monitoring_tally_stored();
"""

FUNCTIONS = """
CREATE FUNCTION monitoring_seconds(status text, began timestamptz, ended timestamptz)
    RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN status = 'completed' AND ended > began
           THEN extract(epoch FROM ended - began)::double precision ELSE 0 END $$;
CREATE FUNCTION monitoring_quarter(moment timestamptz)
    RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT to_timestamp(floor(extract(epoch FROM moment) / 900) * 900) $$;
"""

# What there is when the triggers come.
FILL = """
INSERT INTO monitoring_tally (company_id, "of", by, kind, status, count, amount, is_folded)
SELECT company_id, 'files', created_by_id, kind, status, count(*),
       sum(monitoring_seconds(status, started_at, completed_at)), true
FROM monitoring_trackedfile GROUP BY company_id, created_by_id, kind, status;
INSERT INTO monitoring_tally (company_id, "of", by, kind, quarter, count, is_folded)
SELECT company_id, 'made', created_by_id, kind, monitoring_quarter(created_at), count(*), true
FROM monitoring_trackedfile WHERE created_at > now() - interval '60 days'
GROUP BY company_id, created_by_id, kind, monitoring_quarter(created_at);
INSERT INTO monitoring_tally (company_id, "of", count, amount, is_folded)
SELECT company_id, 'stored', count(*), sum(size), true
FROM storage_storedobject WHERE state IN ('stored', 'corrupt') GROUP BY company_id;
"""

REMOVE = """
DROP TRIGGER tally_made ON monitoring_trackedfile;
DROP TRIGGER tally_changed ON monitoring_trackedfile;
DROP TRIGGER tally_stored ON storage_storedobject;
DROP TRIGGER tally_stored_changed ON storage_storedobject;
DROP FUNCTION monitoring_tally_file();
DROP FUNCTION monitoring_tally_stored();
DROP FUNCTION monitoring_seconds(text, timestamptz, timestamptz);
DROP FUNCTION monitoring_quarter(timestamptz);
"""
