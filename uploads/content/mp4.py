"""The boxes of an MP4 (ISO/IEC 14496-12): whether they are whole, how long and large the video is.

Only heads of boxes are read, and the index; the video itself is never decoded. The file is a
stranger's: no size in it is believed before it was held against the file's own.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

# Boxes at the top that a player needs, and that may be missing when a recorder died.
INDEX, BYTES = b"moov", b"mdat"
MOST_BOXES = 100_000
MOST_INDEX_BYTES = 64 << 20


@dataclass(frozen=True)
class Box:
    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True)
class Facts:
    """`duration` in seconds; what is not known is None. `damage` is empty when it is whole."""

    duration: float | None
    width: int | None
    height: int | None
    damage: str


def is_mp4(head: bytes) -> bool:
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free") and len(head) > 8


def read_facts(file: BinaryIO) -> Facts:
    """What the boxes say. Never raises for what is in the file."""
    size = file.seek(0, os.SEEK_END)
    boxes, damage = _top(file, size)
    kinds = {box.kind for box in boxes}
    duration = width = height = None
    index = next((box for box in boxes if box.kind == INDEX), None)
    if index is not None and index.end <= size:
        duration, width, height = _index(file, index)
    elif not damage:
        damage = "The index (moov) is missing: the recorder did not end the file."
    if not damage and BYTES not in kinds:
        damage = "There is no video in it (mdat)."
    return Facts(duration, width, height, damage)


def _top(file: BinaryIO, size: int) -> tuple[list[Box], str]:
    boxes: list[Box] = []
    at = 0
    while at < size:
        if len(boxes) >= MOST_BOXES:
            return boxes, "It has more boxes than any video."
        box = _box(file, at, size)
        if box is None:
            return boxes, f"Its end is broken: {size - at} bytes are no whole box."
        boxes.append(box)
        if box.end > size:
            kind = box.kind.decode("ascii", "replace")
            return boxes, f"Its end is missing: {box.end - size} bytes of the box {kind}."
        at = box.end
    return boxes, ""


def _box(file: BinaryIO, at: int, end: int) -> Box | None:
    """The box that begins there; None when no box does. Its end may lie behind `end`."""
    file.seek(at)
    head = file.read(16)
    if len(head) < 8:
        return None
    length, kind = struct.unpack(">I4s", head[:8])
    body = at + 8
    if length == 1:
        if len(head) < 16:
            return None
        [length] = struct.unpack(">Q", head[8:])
        body = at + 16
    elif length == 0:
        length = end - at
    if at + length < body or not all(32 <= letter < 127 or letter == 0xA9 for letter in kind):
        return None
    return Box(kind, at, body, at + length)


def _children(file: BinaryIO, box: Box) -> Iterator[Box]:
    at = box.body
    for _number in range(MOST_BOXES):
        if at >= box.end:
            return
        child = _box(file, at, box.end)
        if child is None or child.end > box.end:
            return
        yield child
        at = child.end


def _index(file: BinaryIO, index: Box) -> tuple[float | None, int | None, int | None]:
    if index.end - index.start > MOST_INDEX_BYTES:
        return None, None, None
    duration, width, height = None, None, None
    for box in _children(file, index):
        if box.kind == b"mvhd":
            duration = _duration(_body(file, box))
        elif box.kind == b"trak" and width is None:
            width, height = _extent(file, box)
    return duration, width, height


def _body(file: BinaryIO, box: Box, most: int = 200) -> bytes:
    file.seek(box.body)
    return file.read(min(most, box.end - box.body))


def _duration(head: bytes) -> float | None:
    """mvhd: version, flags, two times, time scale, duration."""
    form, unknown = (">IQ", 2**64 - 1) if head[:1] == b"\x01" else (">II", 2**32 - 1)
    at = 20 if head[:1] == b"\x01" else 12
    if len(head) < at + struct.calcsize(form):
        return None
    scale, length = struct.unpack_from(form, head, at)
    return round(length / scale, 3) if scale and length and length != unknown else None


def _extent(file: BinaryIO, track: Box) -> tuple[int | None, int | None]:
    """tkhd ends with width and height in 16.16 fixed point; those of sound are zero."""
    for box in _children(file, track):
        if box.kind == b"tkhd":
            head = _body(file, box)
            at = 88 if head[:1] == b"\x01" else 76
            if len(head) >= at + 8:
                width, height = (value >> 16 for value in struct.unpack_from(">II", head, at))
                return (width, height) if width and height else (None, None)
    return None, None
