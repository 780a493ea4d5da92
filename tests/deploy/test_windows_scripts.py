"""The scripts for Windows, read by a grammar of PowerShell. Nothing here can run them; what they say is checked."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

from millhand.services.docserver.settings import DocserverSettings

FOLDER = Path(__file__).parents[2] / "deploy" / "windows"
SCRIPTS = sorted(FOLDER.glob("*.ps1"))
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def nodes(node: tree_sitter.Node, kind: str) -> Iterator[tree_sitter.Node]:
    if node.type == kind:
        yield node
    for child in node.children:
        yield from nodes(child, kind)


def text(node: tree_sitter.Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode()


@cache
def parsed(name: str) -> tree_sitter.Node:
    return PARSER.parse((FOLDER / name).read_bytes()).root_node


def commands(name: str, called: str) -> list[tree_sitter.Node]:
    """The calls of a command, in order."""
    return [one for one in nodes(parsed(name), "command") if text(one.child_by_field_name("command_name")) == called]


def settings(command: tree_sitter.Node) -> dict[str, str]:
    """The parameters of a call with their values; a switch has none."""
    parts = re.split(r"\s-(?=[A-Z])", text(command).replace("`\n", " "))
    pairs = (part.split(maxsplit=1) for part in parts[1:])
    return {pair[0]: pair[1].strip() if len(pair) > 1 else "" for pair in pairs}


def parameters(name: str) -> set[str]:
    block = next(nodes(parsed(name), "param_block"))
    return {text(one).removeprefix("$") for one in nodes(block, "variable")} - {"true", "false"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_powershell(path: Path) -> None:
    assert not parsed(path.name).has_error


def test_the_grammar_sees_what_is_wrong() -> None:
    for broken in (b"if ($x) {", b"Get-Item (", b'"no end'):
        assert PARSER.parse(broken).root_node.has_error


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_stop_at_the_first_error_and_need_an_administrator(path: Path) -> None:
    source = path.read_text()
    assert source.startswith("#Requires -Version 5.1\n#Requires -RunAsAdministrator\n")
    assert "Set-StrictMode -Version Latest" in source
    assert "$ErrorActionPreference = 'Stop'" in source
    assert source.isascii(), "Windows PowerShell reads a file without a byte order mark by the machine's code page"


def test_the_task_comes_back_whatever_happens_to_it() -> None:
    [made] = commands("reconfigure_task.ps1", "New-ScheduledTaskSettingsSet")
    assert settings(made) == {
        "RestartCount": "99",
        "RestartInterval": "(New-TimeSpan",
        "Minutes": "1)",
        "StartWhenAvailable": "",
        "MultipleInstances": "IgnoreNew",
        "ExecutionTimeLimit": "([TimeSpan]::Zero)",
        "AllowStartIfOnBatteries": "",
        "DontStopIfGoingOnBatteries": "",
        "Priority": "5",
    }


def test_the_task_starts_with_the_machine_and_every_five_minutes() -> None:
    triggers = [settings(one) for one in commands("reconfigure_task.ps1", "New-ScheduledTaskTrigger")]
    assert {"AtStartup": ""} in triggers
    [repeated] = [one for one in triggers if "Once" in one]
    assert repeated["Minutes"].startswith("5)")
    assert "RepetitionDuration" not in repeated


def test_registering_again_replaces_the_task() -> None:
    [registered] = commands("reconfigure_task.ps1", "Register-ScheduledTask")
    assert "@task" in text(registered)
    keys = {text(one) for one in nodes(parsed("reconfigure_task.ps1"), "key_expression")}
    assert keys == {"TaskName", "Description", "Action", "Trigger", "Settings", "Principal", "Force"}


def test_the_file_of_variables_is_closed_to_others_before_a_secret_is_in_it() -> None:
    function = next(
        one for one in nodes(parsed("install.ps1"), "function_statement") if "Write-EnvFile" in text(one)[:30]
    )
    source = text(function)
    assert source.index("Protect-Path") < source.index("NetworkCredential")
    assert source.index("NetworkCredential") < source.index("WriteAllLines")
    [icacls] = [one for one in commands("install.ps1", "Invoke-Checked") if "icacls" in text(one)]
    assert "/inheritance:r" in text(icacls)


def test_the_variables_are_those_of_the_service() -> None:
    written = set(re.findall(r'"(\w+)=\$', (FOLDER / "install.ps1").read_text()))
    assert {"MINIO_ENDPOINT", "MINIO_SECRET_KEY"} < written <= {name.upper() for name in DocserverSettings.model_fields}


def test_scripts_call_one_another_with_parameters_that_are_there() -> None:
    call = next(one for one in nodes(parsed("install.ps1"), "command") if "'reconfigure_task.ps1'" in text(one)[:80])
    given = set(re.findall(r"\s-([A-Z]\w+)", text(call)))
    assert given == {"InstallDir", "TaskName", "RunAs"}
    assert given <= parameters("reconfigure_task.ps1") <= parameters("install.ps1")


def test_the_secret_is_no_plain_parameter() -> None:
    assert re.search(r"\[securestring\] \$MinioSecretKey", (FOLDER / "install.ps1").read_text())


def test_the_batch_file_ends_with_the_exit_code_of_the_worker() -> None:
    lines = [line for line in (FOLDER / "start_worker.bat").read_text().splitlines() if line and line[:4] != "rem "]
    worker, kept, given_back = lines[-3:]
    assert worker.endswith(r"-m millhand --env-file docserver.env worker docserver >>logs\worker.log 2>&1")
    assert (kept, given_back) == ("set rc=%errorlevel%", "exit /b %rc%")


def test_nothing_is_removed_from_a_folder_that_is_not_a_workers() -> None:
    source = (FOLDER / "uninstall.ps1").read_text()
    assert source.index("start_worker.bat") < source.index("Remove-Item")
    assert len(commands("uninstall.ps1", "Remove-Item")) == 1
