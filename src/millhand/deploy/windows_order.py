"""What a Windows service shall run, and whether this machine can have one."""

import json
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec

from millhand.core.errors import EngineMissing, UsageError

HOST_CLASS = "millhand.deploy.windows_host.WorkerService"
OPTION = "Order"
"""The service's own option, in the registry, that holds its `ServiceOrder`."""


@dataclass(frozen=True, slots=True)
class ServiceOrder:
    """A command in a folder, and the seconds that it takes at most to stop."""

    command: list[str]
    folder: str
    stop_seconds: float

    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> "ServiceOrder":
        """What was kept."""
        return cls(**json.loads(text))


def require_windows_services() -> None:
    """Raise `UsageError` on another system, `EngineMissing` without pywin32."""
    if sys.platform != "win32":
        raise UsageError("Windows services are for Windows", hint="Here `millhand service install` writes a unit.")
    if find_spec("win32service") is None:
        raise EngineMissing(
            "a Windows service needs pywin32, which is not installed",
            code="pywin32_missing",
            hint='pip install "millhand[word]"',
        )
