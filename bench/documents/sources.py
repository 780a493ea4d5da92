"""The public packages whose test documents make the corpus."""

DEBIAN = (
    "abiword",
    "gnumeric",
    "libapache-poi-java",
    "libodfdom-java",
    "libopenoffice-oodoc-perl",
    "pandoc",
    "python-odf",
    "tracker-miners",
    "unrtf",
)
"""Source packages; apt brings the version of the distribution that this machine runs."""

PYPI = ("docx-revisions==0.1.5", "oletools==0.60.2", "python-docx==1.2.0", "python-pptx==1.0.2")
"""Source distributions."""

NPM = ("carbone@3.8.2", "docx4js@3.3.0", "mammoth@1.13.0")
"""Packages that ship their test documents."""

LIMITS = {
    ".docx": 400,
    ".doc": 200,
    ".odt": 200,
    ".rtf": 100,
    ".pptx": 80,
    ".xlsx": 80,
    ".xls": 60,
    ".ppt": 40,
    ".odp": 40,
    ".ods": 40,
    ".docm": 20,
    ".dotx": 20,
}
"""At most so many documents of each type: text documents above all, as in the jobs that people send."""
