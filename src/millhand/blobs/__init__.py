"""Content by URL: read, written and replaced atomically, in local folders or object stores."""

from millhand.blobs.store import BlobStore
from millhand.blobs.urls import path_of, url_of

__all__ = ["BlobStore", "path_of", "url_of"]
