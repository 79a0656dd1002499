"""What the facts of an arrival say: is it what a success looks like? Pure; no row is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from django.utils.translation import gettext as _

from look.units import duration, size
from monitoring.expected.states import Status


@dataclass(frozen=True)
class Rules:
    """What a job asks of what arrives; None: nothing of the kind."""

    min_size_bytes: int | None = None
    max_size_change_percent: int | None = None
    min_run_seconds: int | None = None
    max_run_seconds: int | None = None
    require_content_check: bool = False


@dataclass(frozen=True)
class Facts:
    status: str
    message: str = ""
    size: int | None = None
    hash: str | None = None
    run_seconds: float | None = None
    content_passed: bool | None = None


@dataclass(frozen=True)
class Past:
    """Successes before it, the newest first."""

    sizes: Sequence[int] = ()
    hash: str | None = None


@dataclass(frozen=True)
class Judgement:
    """`warnings` are of a success: it counts, and somebody should look."""

    status: str
    message: str
    warnings: list[dict[str, str]] = field(default_factory=list)


def judge(rules: Rules, facts: Facts, past: Past) -> Judgement:
    if facts.status != Status.SUCCESS:
        return Judgement(facts.status, facts.message)
    if facts.content_passed is False:
        said = _("The content check did not pass.")
        return Judgement(Status.FAILED, facts.message or said)
    least = rules.min_size_bytes
    if least and facts.size is not None and facts.size < least:
        said = _("It has %(size)s; at least %(least)s are expected.")
        words = said % {"size": size(facts.size), "least": size(least)}
        return Judgement(Status.FAILED, words)
    found = [*_of_size(rules, facts, past), *_of_content(rules, facts, past)]
    return Judgement(Status.SUCCESS, facts.message, [*found, *_of_run(rules, facts)])


def _of_size(rules: Rules, facts: Facts, past: Past) -> list[dict[str, str]]:
    most = rules.max_size_change_percent
    if not most or facts.size is None or not past.sizes:
        return []
    usual = median(past.sizes)
    change = abs(facts.size - usual) * 100
    if change <= most * usual:
        return []
    words = _("It has %(size)s; the median of those before is %(usual)s.")
    return [_warning("size_changed", words % {"size": size(facts.size), "usual": size(usual)})]


def _of_content(rules: Rules, facts: Facts, past: Past) -> list[dict[str, str]]:
    found = []
    if facts.hash and facts.hash == past.hash:
        found.append(_warning("unchanged", _("Its content equals the one before.")))
    if rules.require_content_check and facts.content_passed is None:
        found.append(_warning("content_not_checked", _("Its content was not checked yet.")))
    return found


def _of_run(rules: Rules, facts: Facts) -> list[dict[str, str]]:
    ran = facts.run_seconds
    if ran is None:
        return []
    if rules.min_run_seconds and ran < rules.min_run_seconds:
        words = _("The run took %(ran)s; at least %(limit)s are expected.")
        limit = rules.min_run_seconds
        return [_warning("run_too_short", words % {"ran": duration(ran), "limit": duration(limit)})]
    if rules.max_run_seconds and ran > rules.max_run_seconds:
        words = _("The run took %(ran)s; at most %(limit)s are expected.")
        limit = rules.max_run_seconds
        return [_warning("run_too_long", words % {"ran": duration(ran), "limit": duration(limit)})]
    return []


def _warning(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}
