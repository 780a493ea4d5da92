"""Sample documents to try millhand with: nineteen different ones, made by the project itself."""

from pathlib import Path


def samples() -> list[Path]:
    """The sample documents, sorted by name: Word documents, and one each as ODT, RTF, XLSX and PPTX."""
    return sorted(Path(__file__).with_name("samples").iterdir())
