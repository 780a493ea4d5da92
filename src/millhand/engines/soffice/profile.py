"""LibreOffice's user profile: seeded so that it starts quickly, asks nothing, runs no macro and fetches no link.

One setting is worth 0.65 s of every start: without `ooSetupLastVersion`, which headless runs never write, LibreOffice
takes the start for the first one of a new version and runs its graphics self-tests.
"""

import shutil
from pathlib import Path
from xml.sax.saxutils import escape

_SETTINGS = "user/registrymodifications.xcu"
_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
"""
_COMMON = "/org.openoffice.Office.Common"

# Path, property, value.
_SEED: tuple[tuple[str, str, str], ...] = (
    # Macros and active content never run, signed or not.
    (f"{_COMMON}/Security/Scripting", "MacroSecurityLevel", "3"),
    (f"{_COMMON}/Security/Scripting", "DisableMacrosExecution", "true"),
    # Links to other files and addresses are neither followed nor updated: 0 always, 1 on request, 2 never.
    (f"{_COMMON}/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "2"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "2"),
    # Where the kernel can't cut the network off: a proxy that is not there (2 means: as named here).
    ("/org.openoffice.Inet/Settings", "ooInetProxyType", "2"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", "9"),
    ("/org.openoffice.Inet/Settings", "ooInetNoProxy", ""),
    # Nothing that runs beside the document, remembers it, or wants a person.
    (f"{_COMMON}/Save/Document", "CreateBackup", "false"),
    (f"{_COMMON}/Save/Document", "AutoSave", "false"),
    (f"{_COMMON}/History", "PickListSize", "0"),
    (f"{_COMMON}/Misc", "FirstRun", "false"),
    (f"{_COMMON}/Misc", "UseLocking", "false"),
    (f"{_COMMON}/Misc", "CrashReport", "false"),
    ("/org.openoffice.Office.Recovery/RecoveryInfo", "Enabled", "false"),
    ("/org.openoffice.Office.Recovery/AutoSave", "Enabled", "false"),
)


def settings(major_minor: str) -> tuple[tuple[str, str, str], ...]:
    """The settings that every LibreOffice of ours has: path, property, value."""
    return (*_SEED, ("/org.openoffice.Setup/Product", "ooSetupLastVersion", major_minor))


def seed(profile: Path, major_minor: str) -> Path:
    """Write a new profile for LibreOffice `major_minor` (for example `7.4`) and give back its folder."""
    file = profile / _SETTINGS
    file.parent.mkdir(parents=True)
    items = "".join(_item(*setting) for setting in settings(major_minor))
    file.write_text(f"{_HEAD}{items}</oor:items>\n", encoding="utf-8")
    return profile


def copy(template: Path, profile: Path) -> Path:
    """A profile of its own for one process: two processes can't share one."""
    shutil.copytree(template, profile, ignore=shutil.ignore_patterns(".lock", "*.log"))
    return profile


def _item(path: str, name: str, value: str) -> str:
    return (
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{escape(value)}</value></prop></item>\n'
    )
