"""What came, by its content: a name is never asked.

mp4       boxes, duration and size of a video
videos    which kind of video, and what is known of it
metadata  the JSON beside a recording
"""

from pathlib import Path

from uploads.content.dumps import check_dump
from uploads.content.videos import check_video


def check_kind(*, kind: str, path: Path) -> None:
    """Whether it is of the kind it was said to be, by its beginning. Raises WrongContent."""
    if kind == "recording":
        check_video(path)
    else:
        check_dump(path)
