"""What happens after a client in webhook mode was answered: its jobs are waited for, and it is told."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from millhand.core.errors import MillhandError
from millhand.net.reach import Reach
from millhand.web.desk import Caller
from millhand.web.gotenberg.answers import collect, refusal
from millhand.web.gotenberg.errand import Errand, run
from millhand.web.gotenberg.webhook import Webhook, deliver

_LONGEST = 86_400.0
_log = structlog.get_logger("millhand.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """The rest of a request. It lives as long as the process: the jobs go on without it, what they made stays."""

    caller: Caller
    errands: Sequence[Errand]
    name: str
    webhook: Webhook
    reach: Reach
    headers: dict[str, str]

    async def __call__(self) -> None:
        """Send the file, or the error."""
        try:
            await self._send_file()
        except MillhandError as error:
            _log.warning("a webhook gets an error", jobs=[one.job_id for one in self.errands], error=error.message)
            await self._send_error(error)

    async def _send_file(self) -> None:
        blobs = self.caller.desk.app.blobs
        made = await collect(blobs, self.errands, await run(self.caller, self.errands, _LONGEST), self.name)
        with made.file:
            told = made.headers
            if any(name.lower() == "content-disposition" for name in self.webhook.headers):
                del told["Content-Disposition"]
            await deliver(self.webhook.file, {**self.webhook.headers, **told, **self.headers}, made.file, self.reach)

    async def _send_error(self, error: MillhandError) -> None:
        answer = refusal(error)
        content = json.dumps({"status": answer.status_code, "message": bytes(answer.body).decode()}).encode()
        told = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        try:
            await deliver(
                self.webhook.error, {**self.webhook.headers, **told, **self.headers}, io.BytesIO(content), self.reach
            )
        except MillhandError as failed:
            _log.warning("a webhook can't be told of an error", error=failed.message)
