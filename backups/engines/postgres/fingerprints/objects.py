"""What there is besides rows: each object's definition, owner and grants, as short digests.

One query a kind, of (identity, definition). Members of extensions are left out: they come with
their extension, whose version counts. Definitions are the server's own (`pg_get_…def`), so they
are compared within one major version; across majors only what is there.
"""

import hashlib
from typing import Any

import psycopg

from backups.engines.postgres.fingerprints import ALGORITHM

_USER = "{schema} !~ '^pg_' AND {schema} <> 'information_schema'"
_OWN = (
    "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = {oid}"
    " AND d.classid = '{catalog}'::regclass AND d.deptype = 'e')"
)


def _from(catalog: str, alias: str, namespace: str) -> str:
    own = _OWN.format(oid=f"{alias}.oid", catalog=catalog)
    return (
        f"FROM {catalog} {alias} JOIN pg_namespace n ON n.oid = {alias}.{namespace}"
        f" WHERE {_USER.format(schema='n.nspname')} AND {own}"
    )


def _grants(acl: str, kind: str, owner: str) -> str:
    """Owner and grants as text; what is granted by default is spelled out."""
    return (
        f"pg_get_userbyid({owner}) || ' ' || coalesce((SELECT string_agg(concat_ws(' ',"
        " CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END,"
        " x.privilege_type, x.is_grantable), ',' ORDER BY x.grantee = 0,"
        " pg_get_userbyid(x.grantee), x.privilege_type)"
        f" FROM aclexplode(coalesce({acl}, acldefault('{kind}', {owner}))) x), '')"
    )


_RELATION = _from("pg_class", "c", "relnamespace")
# A range brings constructors of its own; who owns those is in no dump.
_ROUTINE = _from("pg_proc", "p", "pronamespace") + (
    " AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.objid = p.oid"
    " AND i.classid = 'pg_proc'::regclass AND i.deptype = 'i')"
)
_TYPE = _from("pg_type", "t", "typnamespace")
_NAME = "n.nspname || '.' || c.relname"
_SIGNATURE = (
    "n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'"
)

QUERIES: dict[str, str] = {
    "schema": (
        f"SELECT n.nspname, '' FROM pg_namespace n WHERE {_USER.format(schema='n.nspname')}"
        f" AND {_OWN.format(oid='n.oid', catalog='pg_namespace')}"
    ),
    "schema grants": (
        f"SELECT n.nspname, {_grants('n.nspacl', 'n', 'n.nspowner')} FROM pg_namespace n"
        f" WHERE {_USER.format(schema='n.nspname')}"
        f" AND {_OWN.format(oid='n.oid', catalog='pg_namespace')}"
    ),
    "table": (
        f"SELECT {_NAME}, concat_ws(' ', c.relkind, c.relpersistence, c.reloptions::text,"
        " c.relrowsecurity, c.relforcerowsecurity, pg_get_expr(c.relpartbound, c.oid),"
        " pg_get_partkeydef(c.oid), (SELECT string_agg(concat_ws(' ',"
        " a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,"
        " a.attgenerated, pg_get_expr(b.adbin, b.adrelid)), ',' ORDER BY a.attname)"
        " FROM pg_attribute a LEFT JOIN pg_attrdef b ON b.adrelid = a.attrelid"
        " AND b.adnum = a.attnum WHERE a.attrelid = c.oid AND a.attnum > 0"
        f" AND NOT a.attisdropped)) {_RELATION} AND c.relkind IN ('r', 'p', 'f')"
    ),
    "view": (f"SELECT {_NAME}, pg_get_viewdef(c.oid) {_RELATION} AND c.relkind IN ('v', 'm')"),
    "relation grants": (
        f"SELECT {_NAME}, CASE c.relkind WHEN 'S' THEN"
        f" {_grants('c.relacl', 's', 'c.relowner')} ELSE {_grants('c.relacl', 'r', 'c.relowner')}"
        f" END {_RELATION} AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')"
    ),
    "column grants": (
        f"SELECT {_NAME} || '.' || a.attname, (SELECT string_agg(concat_ws(' ',"
        " pg_get_userbyid(x.grantee), x.privilege_type, x.is_grantable), ','"
        " ORDER BY pg_get_userbyid(x.grantee), x.privilege_type) FROM aclexplode(a.attacl) x)"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_USER.format(schema='n.nspname')}"
        " AND a.attacl IS NOT NULL AND NOT a.attisdropped"
    ),
    "index": (
        f"SELECT {_NAME}, concat(pg_get_indexdef(c.oid), i.indisvalid) FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {_USER.format(schema='n.nspname')}"
        f" AND {_OWN.format(oid='i.indrelid', catalog='pg_class')}"
    ),
    "constraint": (
        "SELECT n.nspname || '.' || coalesce(c.relname || '.', t.typname || '.', '') || k.conname,"
        " concat(pg_get_constraintdef(k.oid), k.convalidated) FROM pg_constraint k"
        " JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid"
        f" LEFT JOIN pg_type t ON t.oid = k.contypid WHERE {_USER.format(schema='n.nspname')}"
        f" AND {_OWN.format(oid='k.conrelid', catalog='pg_class')}"
        f" AND {_OWN.format(oid='k.contypid', catalog='pg_type')}"
    ),
    "trigger": (
        f"SELECT {_NAME} || '.' || g.tgname, concat(pg_get_triggerdef(g.oid), g.tgenabled)"
        " FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT g.tgisinternal"
    ),
    "rule": (
        f"SELECT {_NAME} || '.' || r.rulename, pg_get_ruledef(r.oid) FROM pg_rewrite r"
        " JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE r.rulename <> '_RETURN' AND {_USER.format(schema='n.nspname')}"
    ),
    "policy": (
        f"SELECT {_NAME} || '.' || o.polname, concat_ws(' ', o.polcmd, o.polpermissive,"
        " pg_get_expr(o.polqual, o.polrelid), pg_get_expr(o.polwithcheck, o.polrelid))"
        " FROM pg_policy o JOIN pg_class c ON c.oid = o.polrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
    ),
    "function": (
        f"SELECT {_SIGNATURE}, CASE p.prokind WHEN 'a' THEN"
        " (SELECT concat_ws(' ', g.aggtransfn, g.aggfinalfn, g.agginitval,"
        " format_type(g.aggtranstype, NULL)) FROM pg_aggregate g WHERE g.aggfnoid = p.oid)"
        f" ELSE pg_get_functiondef(p.oid) END {_ROUTINE}"
    ),
    "function grants": (
        f"SELECT {_SIGNATURE}, {_grants('p.proacl', 'f', 'p.proowner')} {_ROUTINE}"
    ),
    "type": (
        "SELECT n.nspname || '.' || t.typname, concat_ws(' ', t.typtype, t.typnotnull,"
        " format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typdefault,"
        " (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e"
        " WHERE e.enumtypid = t.oid), (SELECT string_agg(a.attname || ' ' ||"
        " format_type(a.atttypid, a.atttypmod), ',' ORDER BY a.attnum) FROM pg_attribute a"
        f" WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)) {_TYPE}"
        " AND t.typelem = 0 AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c"
        " WHERE c.oid = t.typrelid AND c.relkind = 'c'))"
    ),
    "sequence": (
        f"SELECT {_NAME}, concat_ws(' ', format_type(q.seqtypid, NULL), q.seqstart,"
        " q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle) FROM pg_sequence q"
        " JOIN pg_class c ON c.oid = q.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {_OWN.format(oid='c.oid', catalog='pg_class')}"
    ),
    "comment": (
        "SELECT i.type || ' ' || i.identity, d.description FROM pg_description d,"
        " pg_identify_object(d.classoid, d.objoid, d.objsubid) i"
        " WHERE d.objoid >= 16384 AND i.type NOT IN ('extension', 'large object')"
        " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = d.objoid AND e.deptype = 'e')"
    ),
    "event trigger": (
        "SELECT evtname, concat_ws(' ', evtevent, evtenabled, evttags::text, evtfoid::regproc)"
        f" FROM pg_event_trigger g WHERE {_OWN.format(oid='g.oid', catalog='pg_event_trigger')}"
    ),
    "statistics": (
        "SELECT n.nspname || '.' || s.stxname, pg_get_statisticsobjdef(s.oid)"
        " FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace"
    ),
    "default grants": (
        "SELECT concat_ws(' ', pg_get_userbyid(a.defaclrole), n.nspname, a.defaclobjtype),"
        " (SELECT string_agg(concat_ws(' ', CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE"
        " pg_get_userbyid(x.grantee) END, x.privilege_type, x.is_grantable), ','"
        " ORDER BY x.grantee = 0, pg_get_userbyid(x.grantee), x.privilege_type)"
        " FROM aclexplode(a.defaclacl) x)"
        " FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace"
    ),
}
_DIGEST_LENGTH = 12


def mark_objects(
    session: psycopg.Connection[Any], *, algorithm: int = ALGORITHM
) -> dict[str, dict[str, str]]:
    """kind → identity → digest of the definition."""
    found: dict[str, dict[str, str]] = {}
    for kind, query in QUERIES.items():
        if kind == "constraint" and algorithm > 1:
            query = f"{query} AND k.contype <> 'n'"
        # No parameters are given, so `%` and quotes stay as they are.
        rows = session.execute(query.encode()).fetchall()
        found[kind] = {str(identity): _digest(str(said)) for identity, said in rows}
    return found


def mark_extensions(session: psycopg.Connection[Any]) -> dict[str, str]:
    """name → version; without plpgsql, which every database has."""
    rows = session.execute(
        "SELECT extname, extversion FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
    )
    return dict(rows.fetchall())


def _digest(definition: str) -> str:
    return hashlib.sha256(definition.encode()).hexdigest()[:_DIGEST_LENGTH]
