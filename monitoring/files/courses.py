"""What each kind of file means to the app it belongs to: one Course a kind, registered at start.

Claims, endings, the supervisor and the reaper are the same for all kinds and live here; what
a run does, and what its end means to a row beside the file, is the course's.
"""

from dataclasses import dataclass
from typing import Protocol

from monitoring.files.claims import Claim
from monitoring.files.models import TrackedFile


@dataclass(frozen=True)
class Failure:
    """Why a file ended badly. `detail` holds a tool's own words, secrets removed."""

    code: str
    message: str
    detail: str = ""


CANCELLED = "cancelled"


class Course(Protocol):
    def carry_out(self, claim: Claim) -> None:
        """Do the work, in a runner process. MUST end the file or raise; MAY raise ClaimLost."""

    def failed(self, file: TrackedFile, failure: Failure) -> None:
        """Write the bad end to the domain's rows. Called in the transaction of the file's end."""

    def given_back(self, file: TrackedFile) -> None:
        """The file waits for another attempt: write so, and wake a worker. Same transaction."""

    def remove_leftovers(self, file: TrackedFile, attempt: int) -> None:
        """Remove what this attempt and those before it have stored. MUST be safe to repeat.

        Raises whatever the storage raises; it is called again then.
        """


_courses: dict[str, Course] = {}


def register_course(kind: str, course: Course) -> None:
    _courses[kind] = course


def course_of(kind: str) -> Course:
    return _courses[kind]


def has_course(kind: str) -> bool:
    return kind in _courses
