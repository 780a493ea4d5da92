"""What is examined: settings, the app as far as it loads, and the database as far as it opens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from millhand.app.app import App
from millhand.app.backend import Backend
from millhand.app.loading import load_app
from millhand.config import Settings
from millhand.core.errors import MillhandError
from millhand.database import schema_status


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What there is to examine; `app` or `backend` is None where its error says why, or where there is no database."""

    settings: Settings
    app: App | None
    app_error: MillhandError | None
    backend: Backend | None
    database_error: MillhandError | None

    @property
    def now(self) -> int:
        """The instant of the examination."""
        return self.backend.database.clock.now() if self.backend else 0


@asynccontextmanager
async def admitted(settings: Settings) -> AsyncGenerator[Patient]:
    """Load and open what can be; a database that is not there yet is not made."""
    app, app_error = _loaded(settings)
    opener = app or App(settings=settings)
    backend, database_error = await _opened(opener)
    try:
        yield Patient(
            settings=opener.settings,
            app=app,
            app_error=app_error,
            backend=backend,
            database_error=database_error,
        )
    finally:
        await opener.close()


def _loaded(settings: Settings) -> tuple[App | None, MillhandError | None]:
    try:
        app = load_app(settings.app)
    except MillhandError as error:
        return None, error
    app.use_settings(settings)
    return app, None


async def _opened(app: App) -> tuple[Backend | None, MillhandError | None]:
    try:
        url = app.settings.database
        status = await asyncio.to_thread(schema_status, url)
        if status.present is None:
            return None, None
        return await app.backend(), None
    except MillhandError as error:
        return None, error
