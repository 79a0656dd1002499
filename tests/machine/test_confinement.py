"""What is confined can touch nothing but its folders, and nobody outside."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from machine import confinement

pytestmark = pytest.mark.skipif(
    not confinement.version(), reason="the kernel knows no Landlock; the product then says so"
)

TRIED = """
import json, os, socket, sys
inside, outside, parent = sys.argv[1:]
def tried(what):
    try:
        what()
    except OSError as error:
        return error.errno
    return 0
print(json.dumps({
    "write inside": tried(lambda: open(inside + "/new", "w").close()),
    "socket inside": tried(lambda: socket.socket(socket.AF_UNIX).bind(inside + "/socket")),
    "write outside": tried(lambda: open(outside + "/new", "w").close()),
    "read outside": tried(lambda: open(outside + "/secret").read()),
    "start a shell": tried(lambda: os.posix_spawn("/bin/sh", ["sh", "-c", "true"], {})),
    "connect to a socket": tried(lambda: socket.socket(socket.AF_UNIX).connect(outside + "/s")),
    "connect": tried(lambda: socket.create_connection(("127.0.0.1", 9))),
    "signal": tried(lambda: os.kill(int(parent), 0)),
}))
"""


def test_it_can_touch_its_folder_alone(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
    (outside / "secret").write_text("secret")
    program = Path(os.path.realpath(sys.executable))
    loaders = [*Path("/lib64").glob("ld-*.so*"), *Path("/lib").glob("ld-*.so*")]
    done = subprocess.run(
        [str(program), "-I", "-S", "-c", TRIED, str(inside), str(outside), str(os.getpid())],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: confinement.confine(
            write=[inside, Path("/dev/null"), Path("/nowhere/at/all")],
            read=[program.parent.parent, Path("/usr"), Path("/lib"), Path("/lib64"), Path("/etc")],
            run=[program, *loaders],
        ),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    refused = {name for name, number in found.items() if number in (1, 13)}
    assert set(found) - refused == {"write inside", "socket inside"}, found
    if confinement.version() < confinement.SCOPES_SINCE:
        pytest.fail("This kernel lets signals through: the test has to learn it.")
