"""The page of settings."""

from itertools import groupby

from millhand.config.describe import SettingFacts, describe
from scripts.gen_docs.markdown import page

_TITLES = {
    "": "General",
    "worker": "Worker",
    "retention": "Retention of history",
    "http": "HTTP port",
    "log": "Log lines",
    "libreoffice": "LibreOffice",
}


def write() -> str:
    """The page."""
    return page(
        "Settings",
        "Each value comes from the last of these that has it: the default, the settings file, the environment, an"
        " option of the command. The file is `millhand.toml` in the working folder, or the one that `--config` or"
        " `MILLHAND_CONFIG` names. `millhand config show --origin` tells each value and where it came from;"
        " `millhand config check` tells whether they fit together.",
        '```toml\n# millhand.toml\ndata_dir = "/var/lib/millhand"\n\n[worker]\nexecutors = 4\ngrace = "1m"\n```',
        "Durations are numbers of seconds, or texts such as `30s`, `5m`, `2h`, `7d`. In the environment a dot is"
        " written as two underscores, and a list with commas. `DATABASE_URL` is read for `database` too, if"
        " `MILLHAND_DATABASE` is not there.",
        *(_group(name, list(facts)) for name, facts in groupby(describe(), key=_group_of)),
    )


def _group_of(fact: SettingFacts) -> str:
    return fact.name.rpartition(".")[0]


def _group(name: str, facts: list[SettingFacts]) -> str:
    title = _TITLES.get(name, name)
    return "\n\n".join([f"## {title}", *(_setting(fact) for fact in facts)])


def _setting(fact: SettingFacts) -> str:
    default = f"`{fact.default}`" if fact.default else "empty"
    return (
        f"### {fact.name}\n\n{fact.help}\n\n"
        f"{fact.type[:1].upper()}{fact.type[1:]} · default {default} · environment `{fact.env}`"
    )
