"""The roles that an archive names: which of them a server has, new ones, others in their place.

pg_restore cannot give things to another role than the archive names. So the names are changed in
the archive's table of contents on its way: an entry's owner is a field of its own, and grants and
policies are SQL of pg_dump's own making, in which roles stand behind TO, FROM, FOR ROLE and
SESSION AUTHORIZATION.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.toc import Entry, Toc

# Kinds whose text names roles.
_NAMING = frozenset({"ACL", "DEFAULT ACL", "POLICY", "USER MAPPING"})
# Behind these no role is named any more: what a policy says of rows may have a FROM, too.
_ENDS = {"POLICY": frozenset({"USING", "CHECK"}), "USER MAPPING": frozenset({"SERVER"})}
_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"]|"")*")|(?P<text>'(?:[^']|'')*')|(?P<word>[^\W\d][\w$]*)"""
    r"""|(?P<blank>\s+)|(?P<other>.)""",
    re.DOTALL,
)
# These words are nobody's name.
_NOBODY = frozenset({"public", "current_user", "session_user", "current_role", "none"})


def roles_of(toc: Toc | None, marks: dict[str, Any] | None) -> list[str]:
    """Whom the archive names, as far as it is known."""
    found = set(marks["roles"]) if marks else set()
    if toc is not None:
        found |= {one.owner for one in toc.entries if one.owner}
    return sorted(found)


def roles_there(session: psycopg.Connection[Any], roles: Sequence[str]) -> dict[str, bool]:
    """Those of them that the server has; whether the user may give things to them."""
    rows = session.execute(
        "SELECT rolname, pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles"
        " WHERE rolname = ANY(%s)",
        [list(roles)],
    ).fetchall()
    return dict(rows)


def granting(session: psycopg.Connection[Any], roles: Sequence[str]) -> str:
    """The command by which the user becomes a member of them; empty where one is a superuser,
    who nobody is advised to become."""
    row = session.execute(
        "SELECT string_agg(quote_ident(rolname), ', ' ORDER BY rolname), quote_ident(current_user)"
        " FROM pg_roles WHERE rolname = ANY(%s) HAVING NOT bool_or(rolsuper)",
        [list(roles)],
    ).fetchone()
    return f"GRANT {row[0]} TO {row[1]}" if row else ""


def altering(session: psycopg.Connection[Any], right: str) -> str:
    """The command by which the user gets that right of a role's."""
    row = session.execute("SELECT quote_ident(current_user)").fetchone()
    assert row is not None
    return f"ALTER ROLE {row[0]} {right}"


def may_make_roles(session: psycopg.Connection[Any]) -> bool:
    row = session.execute(
        "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return row is not None and bool(row[0])


def make_missing_roles(server: Server, roles: Sequence[str], *, application: str) -> list[str]:
    """Make those that the server lacks, without login; their names. Raises BackupError."""
    with server.connect(application=application) as session:
        try:
            missing = sorted(set(roles) - roles_there(session, roles).keys())
            for role in missing:
                _make(session, role)
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
    return missing


def _make(session: psycopg.Connection[Any], role: str) -> None:
    name = sql.Identifier(role)
    try:
        session.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
    except psycopg.errors.DuplicateObject:
        return
    row = session.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row is None or not row[0]:
        # Who makes a role may give nothing to it before being its member.
        session.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))


def with_roles(entry: Entry, others: Mapping[str, str]) -> Entry:
    """The entry with `others` in place of the roles that it names."""
    owner = others.get(entry.owner, entry.owner) if entry.owner else entry.owner
    text = entry.text
    if text and entry.kind in _NAMING:
        text = replaced(text, others, ends=_ENDS.get(entry.kind, frozenset()))
    return replace(entry, owner=owner, text=text)


def replaced(text: str, others: Mapping[str, str], *, ends: Collection[str] = ()) -> str:
    """SQL of pg_dump's with other roles; names of tables and columns stay as they are."""
    found: list[str] = []
    before: list[str] = []
    expected = is_over = False
    for kind, piece in _pieces(text):
        if kind == "blank" or is_over:
            found.append(piece)
            continue
        is_over = kind == "word" and piece.upper() in ends
        if expected and kind in ("quoted", "word"):
            found.append(_other(kind, piece, others))
            expected = False
            # A policy is for several, parted by commas.
            before = ["a role"]
            continue
        expected = _announces(before, piece) if kind in ("word", "other") else False
        before = [*before[-1:], piece.upper() if kind == "word" else piece]
        if piece == "," and before[0] == "a role":
            before, expected = ["a role"], True
        found.append(piece)
    return "".join(found)


def _announces(before: list[str], piece: str) -> bool:
    """Whether a role comes next. The words are reserved: no unquoted name is like them."""
    word = piece.upper()
    last = before[-1] if before else ""
    return (
        word in ("TO", "FROM")
        or (word == "ROLE" and last == "FOR")
        or (word == "AUTHORIZATION" and last == "SESSION")
        or (word == "FOR" and last == "MAPPING")
    )


def _other(kind: str, piece: str, others: Mapping[str, str]) -> str:
    if kind == "word":
        name = piece if piece.lower() in _NOBODY else piece.lower()
    else:
        name = piece[1:-1].replace('""', '"')
    if name not in others or (kind == "word" and piece.lower() in _NOBODY):
        return piece
    return '"' + others[name].replace('"', '""') + '"'


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        assert match.lastgroup is not None
        yield match.lastgroup, match.group()
