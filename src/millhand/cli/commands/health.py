"""`millhand health`: ask a running worker whether it is well, for the health checks of containers."""

from typing import Annotated

import typer

from millhand.cli.errors import tell_error
from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.session import Session, session_of
from millhand.core.errors import BrokerUnavailable, UsageError

_WITHIN = 5.0


@example("millhand health", "millhand health --ready --url http://worker-1:8450")
def health(
    ctx: typer.Context,
    url: Annotated[str | None, typer.Option(help="Address of the worker; else the one in the settings.")] = None,
    ready: Annotated[bool, typer.Option("--ready", help="Ask whether it can take work, not whether it lives.")] = False,
) -> None:
    """Ask a worker's HTTP port whether it is well: exits 0 if so, and 1 if not, or if nobody answers.

    These are the codes that Docker's HEALTHCHECK knows.
    """
    session = session_of(ctx)
    try:
        status, answer = _ask(f"{(url or _usual_url(session)).rstrip('/')}/{'ready' if ready else 'health'}")
    except BrokerUnavailable as error:
        tell_error(session.output, error)
        raise typer.Exit(ExitCode.NO) from None
    if session.output.json:
        session.output.record(answer)
    else:
        session.output.data(str(answer.get("status", status)))
        for name in answer.get("stuck", []):
            session.output.complain(f"the loop '{name}' does not turn")
        for finding in answer.get("findings", []):
            if finding["level"] == "error":
                session.output.complain(finding["finding"])
    if status != 200:  # noqa: PLR2004 - HTTP's OK
        raise typer.Exit(ExitCode.NO)


def _usual_url(session: Session) -> str:
    http = session.settings().http
    if not http.enabled or not http.port:
        raise UsageError("the settings name no fixed HTTP port", hint="Give --url.")
    return f"http://{'127.0.0.1' if http.host in ('0.0.0.0', '::') else http.host}:{http.port}"  # noqa: S104 - compared


def _ask(url: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    import json
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import urlopen

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"'{url}' is no HTTP address", hint="Write it as http://host:port.")
    try:
        with urlopen(url, timeout=_WITHIN) as response:  # noqa: S310 - the scheme is checked above
            return response.status, json.load(response)
    except HTTPError as error:
        return error.code, _body(error.read())
    except (OSError, HTTPException, ValueError) as error:
        raise BrokerUnavailable(
            f"no worker answers at {url}: {getattr(error, 'reason', error)}", hint="Check that it runs there."
        ) from error


def _body(content: bytes) -> dict[str, list[dict[str, str]]]:
    import json

    try:
        return json.loads(content)
    except ValueError:
        return {}
