"""Which kind of video a file is, and what is known of it without playing it."""

from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from uploads.content import mp4
from uploads.errors import WrongContent

HEAD_BYTES = 64
MP4, WEBM, AVI = "video/mp4", "video/webm", "video/x-msvideo"
ENDINGS = {MP4: ".mp4", WEBM: ".webm", AVI: ".avi"}


@dataclass(frozen=True)
class Video:
    """`duration` in seconds. `damage` says what is wrong with it, and is empty when nothing is."""

    content_type: str
    duration: float | None = None
    width: int | None = None
    height: int | None = None
    damage: str = ""


def content_type_of(head: bytes) -> str | None:
    if mp4.is_mp4(head):
        return MP4
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return WEBM
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return AVI
    return None


def check_video(path: Path) -> str:
    """Its type, by its first bytes. Raises WrongContent for what is no video."""
    with path.open("rb") as file:
        found = content_type_of(file.read(HEAD_BYTES))
    if found is None:
        raise WrongContent(_("This is no video: an MP4 is expected."))
    return found


def look_at_video(path: Path) -> Video:
    """A broken end is no reason to lose what is before it: it is told. Raises WrongContent."""
    content_type = check_video(path)
    if content_type != MP4:
        return Video(content_type)
    with path.open("rb") as file:
        facts = mp4.read_facts(file)
    return Video(content_type, facts.duration, facts.width, facts.height, facts.damage)
