"""The guide says what is there: its commands are taken, its settings are all there are."""

import re
import shlex
from dataclasses import fields
from xml.etree import ElementTree

import pytest

from config.places import PROJECT
from holdfast_agent.cli import _parser
from holdfast_agent.settings import Settings

GUIDE = (PROJECT / "docs" / "agent.md").read_text()
COMMAND = re.compile(
    r"holdfast-agent(?:\.exe)? "
    r"((?:check|upload|watch|status|report|set-token)\b(?:[^\"`#\n]|\"[^\"\n]*\")*)"
)


def commands() -> list[str]:
    [service] = re.findall(r"<arguments>(.*)</arguments>", GUIDE)
    found = [said.replace("[TASK]", "").strip() for said in COMMAND.findall(GUIDE)]
    return sorted({*found, service})


def test_every_command_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(commands()) > 10
    for said in commands():
        # Windows' backslashes are no escapes.
        given = _parser().parse_args(shlex.split(said, posix="\\" not in said))
        assert given.run, said


def test_every_setting_is_told() -> None:
    table = GUIDE.partition("| setting |")[2].partition("\n\n")[0]
    told = {
        name
        for line in table.splitlines()[2:]
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert told == {one.name for one in fields(Settings)}


def test_the_units_can_be_read() -> None:
    """As far as that shows without the system that runs them."""
    service = GUIDE[GUIDE.index("    <service>") : GUIDE.index("</service>")] + "</service>"
    root = ElementTree.fromstring(service)  # noqa: S314  # our own guide
    assert {one.tag for one in root} >= {"id", "executable", "arguments", "onfailure"}
    unit = GUIDE[GUIDE.index("    [Unit]") : GUIDE.index("\n\nThen, as root")]
    for line in filter(None, (line.strip() for line in unit.splitlines())):
        assert re.fullmatch(r"\[\w+\]|[A-Z]\w+=\S.*|# .*", line), line
