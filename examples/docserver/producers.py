"""Those who want PDFs: two S3 clients that know nothing of millhand, and the letters that they put into the bucket."""

import io
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import boto3
import docx
import obstore
import pypdfium2
from obstore.store import S3Store

from millhand.testing.s3 import S3Server

BUCKET = "performancewest"
HEARTBEAT = "docserver-heartbeat.json"

Client: TypeAlias = Any
"""A client of boto3, which makes their types while it runs."""


def letter(name: str) -> bytes:
    """A DOCX that says its name."""
    document = docx.Document()
    document.add_heading(f"Letter {name}", level=1)
    for number in range(1, 4):
        document.add_paragraph(f"Paragraph {number} of the letter {name}. " + "It goes on for a while. " * 12)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def says_its_name(pdf: bytes, name: str) -> bool:
    """Whether a PDF is that of the letter."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return f"Letter {name}" in document[0].get_textpage().get_text_bounded()
    finally:
        document.close()


class Bucket:
    """The bucket as its producers see it: through boto3, and through obstore."""

    def __init__(self, server: S3Server) -> None:
        access = server.access
        self.boto3: Client = boto3.client(
            "s3",
            endpoint_url=access.endpoint,
            region_name=access.region,
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
        )
        self.obstore = S3Store(
            BUCKET,
            endpoint=access.endpoint,
            region=access.region,
            access_key_id=access.access_key_id,
            secret_access_key=access.secret_access_key,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )

    def put(self, names: Iterable[str]) -> None:
        """Put a letter for each name, by the two clients in turn."""
        for number, name in enumerate(names):
            content = letter(name)
            self._putters[number % 2](f"to-convert/{name}.docx", content)

    def keys(self, folder: str) -> set[str]:
        """What is in a folder."""
        pages = self.boto3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{folder}/")
        return {each["Key"] for page in pages for each in page.get("Contents", [])}

    def read(self, key: str) -> bytes:
        """An object; empty if it is gone."""
        try:
            return self.boto3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        except self.boto3.exceptions.NoSuchKey:
            return b""

    def holders(self) -> dict[str, str]:
        """Which worker holds which document now, by the notes beside them."""
        held: dict[str, str] = {}
        for key in self.keys(".millhand/notes"):
            note = json.loads(self.read(key) or "{}")
            if note.get("holder") and not note.get("done"):
                held[note["key"]] = note["holder"]["worker"]
        return held

    def heartbeat(self) -> dict[str, Any]:
        """What the heartbeat says; empty if there is none."""
        return json.loads(self.read(HEARTBEAT) or "{}")

    @property
    def _putters(self) -> list[Callable[[str, bytes], object]]:
        return [
            lambda key, content: self.boto3.put_object(Bucket=BUCKET, Key=key, Body=content),
            lambda key, content: obstore.put(self.obstore, key, content),
        ]
