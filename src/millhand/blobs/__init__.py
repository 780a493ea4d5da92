"""Content by URL: read, written and replaced atomically, in local folders or object stores."""

from millhand.blobs.prefixes import OBJECT_SCHEMES, Prefix
from millhand.blobs.store import BlobStore, ObjectAccess
from millhand.blobs.urls import path_of, url_of

__all__ = ["OBJECT_SCHEMES", "BlobStore", "ObjectAccess", "Prefix", "path_of", "url_of"]
