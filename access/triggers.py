"""A sealed audit entry is refused every change by the database itself, whoever asks."""

MAKE = """
CREATE FUNCTION access_keep_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.position IS NOT NULL THEN
        RAISE EXCEPTION 'A sealed audit entry is never changed and never deleted.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER access_keep_sealed BEFORE UPDATE OR DELETE ON access_auditentry
    FOR EACH ROW EXECUTE FUNCTION access_keep_sealed();
"""
REMOVE = """
DROP TRIGGER access_keep_sealed ON access_auditentry;
DROP FUNCTION access_keep_sealed();
"""
