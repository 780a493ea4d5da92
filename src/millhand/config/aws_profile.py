"""Amazon's own settings files, `~/.aws/credentials` and `~/.aws/config`: the keys of a profile."""

from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from pathlib import Path

from millhand.config.store_variables import S3_ENDPOINT, S3_KEY, S3_REGION, S3_SECRET, S3_TOKEN
from millhand.core.errors import ConfigError

_SETTINGS = {
    "region": S3_REGION,
    "endpoint_url": S3_ENDPOINT,
    "aws_access_key_id": S3_KEY,
    "aws_secret_access_key": S3_SECRET,
    "aws_session_token": S3_TOKEN,
}
_DEFAULT = "default"


def profile_values(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Setting, value and origin for what the profile of `AWS_PROFILE`, or the default one, says.

    Profiles that ask another service for keys (SSO, roles, programs) have none to read here. Raises `ConfigError` for a
    file that is broken.
    """
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if not home:
        return
    name = environ.get("AWS_PROFILE") or _DEFAULT
    folder = Path(home) / ".aws"
    files = (
        (environ.get("AWS_CONFIG_FILE") or folder / "config", name if name == _DEFAULT else f"profile {name}"),
        (environ.get("AWS_SHARED_CREDENTIALS_FILE") or folder / "credentials", name),
    )
    for file, section in files:
        path = Path(file)
        for key, value in _section(path, section).items():
            if key in _SETTINGS and value:
                yield _SETTINGS[key], value, f"{path} [{section}]"


def _section(path: Path, name: str) -> Mapping[str, str]:
    parser = ConfigParser(interpolation=None, default_section="", strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):  # it is not there, or not for us
        return {}
    except Error as error:
        raise ConfigError(f"{path}: {str(error).splitlines()[0]}", hint="Correct the file, or remove it.") from None
    return parser[name] if parser.has_section(name) else {}
