"""The app that a worker serves unless it is given another: the kinds that come with millhand, and those of services."""

from millhand.app.app import App
from millhand.app.built_in import app as built_in
from millhand.config import Settings
from millhand.services.catalogue import SERVICES, find
from millhand.services.service import Told

app = App()
app.include(built_in)


def _general() -> Settings:
    return app.settings


for _service in map(find, SERVICES):
    # Their variables are read by the first job that needs them: they have names that may mean something else here.
    app.include(_service.kinds(Told(_general, _service.settings.read)))
