"""What a service is: its own settings, what it sets of millhand's, and the app that it makes of both."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from millhand.app.app import App
from millhand.config import Settings
from millhand.services.environment import ServiceSettings
from millhand.telemetry.facts import MetricFacts

OwnT = TypeVar("OwnT", bound=ServiceSettings)


class Told(Generic[OwnT]):
    """What a part of a service was told: millhand's settings, and the service's own, which are read when asked for."""

    def __init__(self, general: Callable[[], Settings], own: Callable[[], OwnT]) -> None:
        self._general = general
        self._own = own

    @property
    def general(self) -> Settings:
        """Millhand's settings."""
        return self._general()

    @cached_property
    def own(self) -> OwnT:
        """The service's own; raises `ConfigError`."""
        return self._own()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Generic[OwnT]):
    """A ready composition of kinds, settings and a place where jobs wait, for the producers of an existing system.

    `settings` are its own variables. `adapt` says what they mean for millhand's settings. `kinds` makes its part of any
    app: handlers, and observers without which the producers would miss something. `voice` adds to its own worker what
    only users of the source look for: their log lines and `metrics`; and checks for `millhand doctor`. `guide` is its
    page among the how-tos.
    """

    name: str
    summary: str
    settings: type[OwnT]
    adapt: Callable[[Settings, OwnT], Settings]
    kinds: Callable[[Told[OwnT]], App]
    voice: Callable[[Told[OwnT], App], None]
    guide: str
    metrics: tuple[MetricFacts, ...] = ()

    def app(self) -> App:
        """The app of a worker that is this service and nothing else; raises `ConfigError` for bad variables."""
        return _ServiceApp(self)


class _ServiceApp(App, Generic[OwnT]):
    def __init__(self, service: Service[OwnT]) -> None:
        super().__init__()
        own = service.settings.read()
        self._service = service
        self._own = own
        told = Told(lambda: self.settings, lambda: own)
        self.include(service.kinds(told))
        service.voice(told, self)

    @cached_property
    def settings(self) -> Settings:
        """The settings, with what the service says of them."""
        return self._service.adapt(super().settings, self._own)
