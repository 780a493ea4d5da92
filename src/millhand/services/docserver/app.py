"""The app of a worker that is the document server: `--app docserver`."""

from millhand.services.docserver.service import SERVICE

app = SERVICE.app()
