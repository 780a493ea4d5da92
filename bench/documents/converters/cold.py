"""A cold `soffice` for each file, as most programs call it: with a new profile, or with a copy of a seeded one."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.documents.converters.converter import Converter, ConverterMissingError
from bench.documents.converters.engine import NAME
from bench.results import Contender
from millhand.core.errors import EngineMissing
from millhand.engines.soffice import find
from millhand.engines.soffice.profile import copy, seed

_LONGEST = 120.0
_STARTS = 2  # the first start of a profile ends at once and wants another one


class FreshConverter(Converter):
    """The usual safe recipe: a profile of its own for each call, made by LibreOffice itself."""

    contender = Contender("soffice, fresh profile", "a cold `soffice` and a new profile for each document", NAME)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    def start(self) -> None:
        """See whether it is there."""
        if shutil.which("soffice") is None:
            raise ConverterMissingError("no soffice")

    def convert(self, source: Path, target: Path) -> None:
        """Convert one document in a folder of its own, as its PDF is named after it."""
        own = self._folder / str(next(self._numbers))
        own.mkdir(parents=True)
        try:
            self._run(source, own)
            shutil.move(own / f"{source.stem}.pdf", target)
        finally:
            shutil.rmtree(own, ignore_errors=True)

    def _run(self, source: Path, own: Path) -> None:
        run_soffice("soffice", own / "profile", ["--convert-to", "pdf", "--outdir", str(own), str(source)])


class SeededConverter(FreshConverter):
    """The best that a cold start can do: a copy of a profile that knows its version, and no script in front."""

    contender = Contender("soffice, seeded profile", "a cold `soffice.bin` and a copy of a seeded profile", NAME)

    def start(self) -> None:
        """Make the template profile."""
        try:
            installation = find()
        except EngineMissing as error:
            raise ConverterMissingError(str(error)) from error
        self._program = str(installation.executable)
        self._template = seed(self._folder / "template", installation.major_minor)
        for _ in range(_STARTS):
            run_soffice(self._program, self._template, ["--terminate_after_init"])

    def _run(self, source: Path, own: Path) -> None:
        profile = copy(self._template, own / "profile")
        run_soffice(self._program, profile, ["--convert-to", "pdf", "--outdir", str(own), str(source)])


def run_soffice(program: str, profile: Path, arguments: Sequence[str]) -> None:
    """Run LibreOffice to its end; its exit code says nothing."""
    options = [f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nologo", *arguments]
    subprocess.run(
        [program, *options],
        env={**os.environ, "SAL_USE_VCLPLUGIN": "svp"},
        capture_output=True,
        check=False,
        timeout=_LONGEST,
    )
