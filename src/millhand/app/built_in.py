"""The app of millhand itself: the kinds that come with it. A worker serves it unless it is given another."""

from millhand.app.app import App
from millhand.handlers.documents.handler import documents

app = App()
app.include(documents(lambda: app.settings.libreoffice))
