"""What a Windows service runs: a keeper of the worker's process, told by the service manager. Windows only.

Loaded by pywin32's pythonservice.exe by the class's name. The worker is a child with a console of its own that nobody
sees, so that it can be asked to drain: by Ctrl-Break, which is all that one process can send to another there.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

if sys.platform == "win32":
    import win32console
    import win32service
    import win32serviceutil

    from millhand.deploy.keeper import Keeper, Kept
    from millhand.deploy.windows_order import OPTION, ServiceOrder

    _SLACK = 10.0

    class WorkerService(win32serviceutil.ServiceFramework):
        """The service; its name is the first argument that Windows gives."""

        def __init__(self, args: list[str]) -> None:
            self._svc_name_ = args[0]
            super().__init__(args)
            self._order = ServiceOrder.of(win32serviceutil.GetServiceCustomOption(args[0], OPTION, ""))
            # The child inherits it, and a console event reaches only those of one's own console.
            win32console.AllocConsole()
            self._keeper = Keeper(
                Kept(
                    command=self._order.command,
                    folder=Path(self._order.folder),
                    interrupt=_interrupt,
                    stop_seconds=self._order.stop_seconds + _SLACK,
                    log=Path(self._order.folder, "logs", f"{args[0]}.log"),
                    flags=subprocess.CREATE_NEW_PROCESS_GROUP,
                )
            )

        def SvcStop(self) -> None:  # noqa: N802 - pywin32's name
            """Drain."""
            wait = int((self._order.stop_seconds + _SLACK) * 1000)
            self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, waitHint=wait)
            self._keeper.stop()

        SvcShutdown = SvcStop

        def SvcDoRun(self) -> None:  # noqa: N802 - pywin32's name
            """Keep the worker running until the service is stopped."""
            code = self._keeper.run()
            self.ReportServiceStatus(win32service.SERVICE_STOPPED, win32ExitCode=0, svcExitCode=code)

    def _interrupt(child: "subprocess.Popen[bytes]") -> None:
        os.kill(child.pid, signal.CTRL_BREAK_EVENT)
