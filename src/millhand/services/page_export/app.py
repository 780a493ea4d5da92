"""The app of a worker that is the page exporter: `--app page-export`."""

from millhand.services.page_export.service import SERVICE

app = SERVICE.app()
