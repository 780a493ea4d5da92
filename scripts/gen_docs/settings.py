"""The page of settings."""

from itertools import groupby

from millhand.config.describe import SettingFacts, describe
from scripts.gen_docs.markdown import page

_TITLES = {
    "": "General",
    "worker": "Worker",
    "retention": "Retention of history",
    "http": "HTTP port",
    "api": "HTTP API",
    "log": "Log lines",
    "libreoffice": "LibreOffice",
    "blobs": "Blobs in object stores",
    "blobs.s3": "S3",
    "blobs.azure": "Azure Blob",
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
        " written as two underscores, and a list with commas. Some settings are read from variables that were made for"
        " other programs, too: `DATABASE_URL`, and those of Amazon, MinIO and Azure. A name of ours wins over them, and"
        " they win over the file. `MINIO_ENDPOINT` goes with `MINIO_PORT` and `MINIO_SECURE`; where it or"
        " `MINIO_ACCESS_KEY` is set, Amazon's are not read. What else is missing for S3 is taken from the profile"
        " `AWS_PROFILE` (or `default`) in `~/.aws`, if it has keys.",
        *(_group(name, list(facts)) for name, facts in groupby(describe(), key=_group_of)),
    )


def _group_of(fact: SettingFacts) -> str:
    return fact.name.rpartition(".")[0]


def _group(name: str, facts: list[SettingFacts]) -> str:
    title = _TITLES.get(name, name)
    return "\n\n".join([f"## {title}", *(_setting(fact) for fact in facts)])


def _setting(fact: SettingFacts) -> str:
    default = f"`{fact.default}`" if fact.default else "empty"
    names = " or ".join(f"`{name}`" for name in (fact.env, *fact.aliases))
    return (
        f"### {fact.name}\n\n{fact.help}\n\n"
        f"{fact.type[:1].upper()}{fact.type[1:]} · default {default} · environment {names}"
    )
