"""Every state is a word, a colour and an icon: one table for pages, admin and mails."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from look.icons import icon


@dataclass(frozen=True)
class Badge:
    """`tone` is a colour class of the style sheet: proven, good, running, warn, bad, none."""

    word: str | Promise
    tone: str
    icon: str

    def html(self) -> SafeString:
        return format_html(
            '<span class="badge {}">{}{}</span>', self.tone, icon(self.icon), self.word
        )


BADGES: dict[str, Badge] = {
    "proven": Badge(_("Proven"), "proven", "shield"),
    "good": Badge(_("Good"), "good", "check"),
    "partial": Badge(_("Partial"), "warn", "half"),
    "late": Badge(_("Late"), "warn", "clock"),
    "unchecked": Badge(_("Unchecked"), "none", "question"),
    "corrupt": Badge(_("Corrupt"), "bad", "cross"),
    "missing": Badge(_("Missing"), "bad", "gone"),
    "failed": Badge(_("Failed"), "bad", "cross"),
    "pending": Badge(_("Waiting"), "none", "clock"),
    "awaiting_approval": Badge(_("Waiting for approval"), "warn", "clock"),
    "undone": Badge(_("Undone"), "none", "stop"),
    "queued": Badge(_("Queued"), "none", "clock"),
    "running": Badge(_("Running"), "running", "play"),
    "processing": Badge(_("Running"), "running", "play"),
    "in_progress": Badge(_("Running"), "running", "play"),
    "completed": Badge(_("Completed"), "none", "check"),
    "created": Badge(_("Opened"), "none", "clock"),
    "uploading": Badge(_("Coming in"), "running", "play"),
    "uploaded": Badge(_("Here"), "none", "clock"),
    "finalizing": Badge(_("Being stored"), "running", "play"),
    "expired": Badge(_("Expired"), "none", "stop"),
    "damaged": Badge(_("Not whole"), "warn", "half"),
    "stored": Badge(_("Stored"), "proven", "check"),
    "passed": Badge(_("Passed"), "proven", "check"),
    "ok": Badge(_("OK"), "proven", "check"),
    "warning": Badge(_("Warning"), "warn", "warning"),
    "blocking": Badge(_("Blocking"), "bad", "cross"),
    "differs": Badge(_("Differs"), "bad", "cross"),
    "unfinished": Badge(_("Not finished"), "warn", "warning"),
    "cancelled": Badge(_("Cancelled"), "none", "stop"),
    "waiting": Badge(_("Waiting"), "none", "clock"),
    "sending": Badge(_("Being sent"), "running", "play"),
    "sent": Badge(_("Sent"), "proven", "check"),
    "gathered": Badge(_("For the digest"), "none", "clock"),
    "skipped": Badge(_("Not sent"), "none", "stop"),
    "critical": Badge(_("Critical"), "bad", "warning"),
    "info": Badge(_("Information"), "none", "info"),
    "acknowledged": Badge(_("Acknowledged"), "none", "check"),
    "snoozed": Badge(_("Snoozed"), "none", "clock"),
    "resolved": Badge(_("Resolved"), "proven", "check"),
    "SUCCESS": Badge(_("Well"), "good", "check"),
    "FAILED": Badge(_("Failed"), "bad", "cross"),
    "MISSING": Badge(_("Missing"), "bad", "gone"),
    "TRANSFER_INTEGRITY_FAILED": Badge(_("Not whole"), "bad", "half"),
    "HASH_MISMATCH": Badge(_("Differs"), "bad", "cross"),
    "UNKNOWN": Badge(_("Not known"), "none", "question"),
    "too_old": Badge(_("Too old"), "warn", "clock"),
    "paused": Badge(_("Paused"), "none", "stop"),
    "alive": Badge(_("Alive"), "proven", "check"),
    "stale": Badge(_("Silent"), "bad", "clock"),
}


def badge(state: str) -> SafeString:
    """The badge of a state as HTML; an unknown state is shown by its own word, without colour."""
    return BADGES.get(state, Badge(state, "none", "question")).html()
