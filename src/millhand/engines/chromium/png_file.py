"""A PNG file that grows with the strips of its picture; the strips' rows go into it as the browser filtered them."""

from pathlib import Path

from millhand.engines.chromium import png
from millhand.engines.chromium.frame import Frame
from millhand.engines.chromium.rows import Header, Rows
from millhand.engines.chromium.values import CropMarks


class PngFile:
    """Written as one stream: only what a strip takes is ever in memory."""

    def __init__(self, path: Path, inner: Header, added: bytes, marks: CropMarks | None) -> None:
        self._frame = Frame(inner, marks) if marks is not None else None
        self.size = self._frame.outer if self._frame is not None else inner
        self._file = path.open("wb")
        self._writer = png.Writer(self._file, self.size, added)
        if self._frame is not None:
            self._writer.write_all(self._frame.above())

    def write(self, rows: Rows) -> None:
        """Add the next rows."""
        if self._frame is None:
            self._writer.write(rows.data)
        else:
            self._writer.write_all(self._frame.around(rows))

    def finish(self) -> None:
        """Write what is left; raises `EngineFailed` if rows are missing."""
        if self._frame is not None:
            self._writer.write_all(self._frame.below())
        self._writer.close()

    def close(self) -> None:
        """Let go of the file, finished or not."""
        self._file.close()
