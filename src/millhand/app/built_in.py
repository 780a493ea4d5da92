"""The app of millhand itself: the kinds that come with it."""

from millhand.app.app import App
from millhand.app.handler_settings import document_settings, page_settings
from millhand.handlers.documents.convert import documents
from millhand.handlers.pages.export import pages

app = App()
app.include(documents(document_settings(app.settings)))
app.include(pages(page_settings(app.settings.chromium)))
