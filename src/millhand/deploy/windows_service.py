"""Making and removing a native Windows service, by pywin32. Windows only; ask `windows_order` first.

What the service runs is kept as its own option in the registry, where `windows_host` reads it. Sources: pywin32's
win32serviceutil; Microsoft Learn, "Service Control Manager" and ChangeServiceConfig2.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from millhand.deploy.errors import ServiceManagerFailed
from millhand.deploy.windows_order import HOST_CLASS, OPTION, ServiceOrder

if sys.platform == "win32":
    import pywintypes
    import win32service
    import win32serviceutil

    _RESTART_AFTER = 60_000  # milliseconds
    _FORGET_FAILURES_AFTER = 86_400  # seconds

    def install(name: str, order: ServiceOrder, *, start: bool) -> None:
        """Make the service, started with the machine and again when it fails, and start it if wanted.

        Raises `ServiceManagerFailed`.
        """
        with _refusals():
            win32serviceutil.InstallService(
                HOST_CLASS,
                name,
                f"millhand worker ({name})",
                startType=win32service.SERVICE_AUTO_START,
                description="Runs content jobs.",
                delayedstart=True,
            )
            win32serviceutil.SetServiceCustomOption(name, OPTION, order.text())
            _restart_on_failure(name)
            if start:
                win32serviceutil.StartService(name)

    def uninstall(name: str, stop_seconds: float) -> None:
        """Stop the service, giving it that long, and remove it. Raises `ServiceManagerFailed`."""
        with _refusals():
            if win32serviceutil.QueryServiceStatus(name)[1] != win32service.SERVICE_STOPPED:
                win32serviceutil.StopService(name)
                win32serviceutil.WaitForServiceStatus(name, win32service.SERVICE_STOPPED, stop_seconds)
            win32serviceutil.RemoveService(name)

    def _restart_on_failure(name: str) -> None:
        """Have it started again a minute after each failure."""
        manager = win32service.OpenSCManager(None, None, win32service.SC_MANAGER_ALL_ACCESS)
        try:
            service = win32service.OpenService(manager, name, win32service.SERVICE_ALL_ACCESS)
            again = (win32service.SC_ACTION_RESTART, _RESTART_AFTER)
            actions = {"ResetPeriod": _FORGET_FAILURES_AFTER, "RebootMsg": "", "Command": "", "Actions": [again] * 3}
            win32service.ChangeServiceConfig2(service, win32service.SERVICE_CONFIG_FAILURE_ACTIONS, actions)
            win32service.CloseServiceHandle(service)
        finally:
            win32service.CloseServiceHandle(manager)

    @contextmanager
    def _refusals() -> Generator[None]:
        """Windows' refusals, as ours."""
        try:
            yield
        except pywintypes.error as error:
            raise ServiceManagerFailed(f"Windows refused: {error.strerror}") from error
