"""A small picture of a video, where ffmpeg or PyAV is installed; else none.

What decodes is a stranger's food: it runs in a process of its own, with a limit of time and
memory. When it dies the recording has no picture, and nothing else happens.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

SECONDS = 20
MOST_BYTES = 128 << 10
MEMORY_BYTES = 2 << 30
WIDTH = 320
# It ends with us, and can neither take all memory nor write anything.
_LIMITED = (
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("prlimit", f"--as={MEMORY_BYTES}", f"--cpu={SECONDS}", "--fsize=0", "--"),
)

_BY_PYAV = """
import io, sys
import av
with av.open(sys.argv[1]) as video:
    video.streams.video[0].codec_context.skip_frame = "NONKEY"
    frame = next(video.decode(video=0))
height = max(2, frame.height * 320 // frame.width // 2 * 2)
frame = frame.reformat(width=320, height=height, format="yuvj420p")
made = io.BytesIO()
with av.open(made, "w", format="mjpeg") as picture:
    stream = picture.add_stream("mjpeg", rate=1)
    stream.width, stream.height, stream.pix_fmt = 320, height, "yuvj420p"
    for packet in [*stream.encode(frame), *stream.encode()]:
        picture.mux(packet)
sys.stdout.buffer.write(made.getvalue())
"""


def picture_of(path: Path) -> bytes | None:
    """A JPEG, or None: never a reason to fail."""
    command = _command(path)
    if command is None:
        return None
    try:
        made = subprocess.run(
            [*_LIMITED, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return made if made.startswith(b"\xff\xd8") and len(made) <= MOST_BYTES else None


def _command(path: Path) -> list[str] | None:
    program = shutil.which("ffmpeg")
    if program:
        return [
            *(program, "-v", "quiet", "-protocol_whitelist", "file,pipe", "-i", f"file:{path}"),
            *("-frames:v", "1", "-vf", f"scale={WIDTH}:-2", "-f", "mjpeg", "pipe:1"),
        ]
    if find_spec("av") is not None:
        return [sys.executable, "-I", "-c", _BY_PYAV, str(path)]
    return None
