"""Tables on terminals that are too narrow for them: columns give way, then texts are cut."""

import io
import os

import pytest

from millhand.cli.output import Column, Output

COLUMNS: list[Column[str]] = [
    Column("id", lambda item: f"id-of-{item}"),
    Column("queue", lambda _: "a-long-queue-name", yields=1),
    Column("done", lambda _: 100, right=True, yields=2),
    Column("remark", lambda _: "a long remark that may be cut as far as needed", cut=True),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (200, ["id", "queue", "done", "remark"]),
        (60, ["id", "queue", "done", "remark"]),
        (45, ["id", "queue", "remark"]),
        (30, ["id", "remark"]),
        (5, ["id", "remark"]),
    ],
)
def test_what_matters_least_gives_way_first(monkeypatch: pytest.MonkeyPatch, width: int, titles: list[str]) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")
    monkeypatch.setitem(os.environ, "COLUMNS", str(width))
    Output().rows(COLUMNS, ["one", "two"], nothing="")
    lines = terminal.getvalue().splitlines()
    assert lines[0].split() == titles
    assert len(lines) == 3
    if width >= 30:
        assert max(map(len, lines)) <= width


def test_nothing_gives_way_where_it_is_not_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output().rows(COLUMNS, ["one"], nothing="")
    assert capsys.readouterr().out.splitlines()[0] == "id\tqueue\tdone\tremark"
