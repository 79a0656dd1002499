"""What becomes of a statement of a script from elsewhere, by its words."""

import re

from django.utils.translation import gettext as _

from backups.engines.postgres.outside.statement import Statement

# A lexer that takes these for two letters where psql takes one would see other quotes.
_ENCODINGS = re.compile(
    rb"SJIS|SHIFT|MSKANJI|WIN932|BIG5|WIN950|GB18030|GBK|WIN936|UHC|WIN949|JOHAB", re.I
)

# By their first words: what a role without rights cannot do and no restore needs.
_DROPPED = frozenset(
    (
        *("GRANT", "REVOKE", "ALTER DEFAULT PRIVILEGES", "COMMENT ON EXTENSION"),
        *("SET SESSION AUTHORIZATION", "RESET SESSION AUTHORIZATION", "SET ROLE", "RESET ROLE"),
        *("SET TRANSACTION_TIMEOUT", "SET DEFAULT_TABLESPACE", "CREATE SCHEMA PUBLIC"),
        *("COMMENT ON EVENT TRIGGER", "COMMENT ON PUBLICATION", "COMMENT ON SUBSCRIPTION"),
        *("ALTER EVENT TRIGGER", "ALTER PUBLICATION", "ALTER SUBSCRIPTION", "COMMENT ON DATABASE"),
    )
)
_LEFT_OUT = frozenset(
    ("CREATE EVENT TRIGGER", "CREATE PUBLICATION", "CREATE SUBSCRIPTION", "SECURITY LABEL")
)
# The whole is one transaction; large objects bring their own.
_TRANSACTION = frozenset(("BEGIN", "COMMIT", "START TRANSACTION", "END"))
_REFUSED = frozenset(
    (
        *("ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE TRANSACTION"),
        *("ALTER SYSTEM", "LOAD"),
        *(
            f"{verb} {thing}"
            for verb in ("CREATE", "ALTER", "DROP")
            for thing in ("DATABASE", "ROLE", "USER", "GROUP", "TABLESPACE")
        ),
    )
)
_ALLOWED = frozenset(("CREATE USER MAPPING", "ALTER USER MAPPING", "DROP USER MAPPING"))


def refused(statement: Statement) -> str:
    """Why nothing of the script may run; nothing where it may."""
    if statement.is_first_of(_REFUSED) and not statement.is_first_of(_ALLOWED):
        return " ".join(statement.words[:2])
    return ""


def is_left_out(statement: Statement) -> bool:
    """Not restored, and named."""
    return statement.is_first_of(_LEFT_OUT)


def is_dropped(statement: Statement) -> bool:
    whole = " ".join(statement.words)
    if whole in _TRANSACTION or statement.is_first_of(_DROPPED):
        return True
    return statement.first("ALTER") and statement.words[-3:-1] == ["OWNER", "TO"]


def refused_setting(statement: Statement) -> str:
    """What our reader would read otherwise than psql from here on; nothing where it would not."""
    if not statement.first("SET"):
        return ""
    if "STANDARD_CONFORMING_STRINGS" in statement.words:
        if statement.words[-1] != "ON":
            return _("strings in the old way (standard_conforming_strings)")
    elif "CLIENT_ENCODING" in statement.words and _ENCODINGS.search(statement.text()):
        return _("an encoding that is not read here")
    return ""


def has_to_be_whole(statement: Statement) -> bool:
    """Whether it may not go on in pieces before its end is known."""
    return statement.is_first_of(_REFUSED | _LEFT_OUT | _DROPPED)
