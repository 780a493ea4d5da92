"""A bucket for each test, somebody else's client of it, and the command line with the variables that lead there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import boto3
import pytest

from millhand.testing.s3 import S3Server

Client: TypeAlias = Any
"""A client of boto3, which makes their types while it runs."""


@dataclass(frozen=True)
class Mill:
    """The command line in a folder; of the variables that concern us or a store it has these alone."""

    folder: Path
    variables: dict[str, str]

    def within(self, name: str) -> "Mill":
        """The same in a folder of its own."""
        folder = self.folder / name
        folder.mkdir()
        return replace(self, folder=folder)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self._command(*arguments),
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[str]"]:
        """A worker that runs during the block, in a session of its own."""
        process = subprocess.Popen(
            self._command("worker", "--executors", "1"),
            cwd=self.folder,
            env=self._environment(),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with process:
            try:
                assert process.stderr is not None
                assert any("Ctrl-C" in line for line in process.stderr), "it ended"
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                process.communicate(timeout=60)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "millhand", *arguments]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MILLHAND_", "AWS_"))}
        return {**kept, "MILLHAND_HTTP__PORT": "0", **self.variables}


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.fresh()


@pytest.fixture
def client(s3: S3Server) -> Client:
    access = s3.access
    return boto3.client(
        "s3",
        endpoint_url=access.endpoint,
        region_name=access.region,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key,
    )
