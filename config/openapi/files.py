"""The shapes of what is under way: files, their stages and steps."""

from config.openapi.shapes import (
    MOMENT,
    NUMBER,
    TEXT,
    UUID,
    Shape,
    answer,
    listing,
    maybe,
    one_of,
    ref,
)

_STAGE = answer(
    id=TEXT,
    name=TEXT,
    description=TEXT,
    status=one_of("pending", "in_progress", "completed", "failed"),
    startTime=maybe(MOMENT),
    endTime=maybe(MOMENT),
    steps=listing(ref("Step")),
    progress=NUMBER,
)
SHAPES: dict[str, Shape] = {
    "Step": answer(
        id=TEXT,
        timestamp=MOMENT,
        status=TEXT,
        message=TEXT,
        details=maybe(TEXT),
        duration=maybe({**NUMBER, "description": "Seconds."}),
    ),
    "Stage": _STAGE,
    "File": answer(
        fileId=UUID,
        fileName=TEXT,
        originalPath=TEXT,
        sourceType=one_of("local", "google_drive", "upload"),
        origin=TEXT,
        kind=TEXT,
        status=one_of("queued", "processing", "completed", "failed"),
        createdAt=MOMENT,
        startedAt=maybe(MOMENT),
        completedAt=maybe(MOMENT),
        stages=listing(ref("Stage")),
        overallProgress=NUMBER,
        currentStage=maybe(TEXT),
        error=maybe(TEXT),
    ),
    "LogLine": answer(id=TEXT, timestamp=MOMENT, level=TEXT, message=TEXT, source=TEXT),
    "FileWithLog": {
        "allOf": [ref("File"), answer(logs=listing(ref("LogLine")))],
    },
    "Files": answer(
        activeFiles=listing(ref("File")),
        recentlyCompleted=listing(ref("File")),
        recentlyFailed=listing(ref("File")),
    ),
}
