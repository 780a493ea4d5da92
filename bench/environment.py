"""The peers' own Python environment, `.venv-bench`, made from hashed requirements so that it never mixes with ours."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".venv-bench"
PYTHON = FOLDER / "bin" / "python"

_REQUIREMENTS = ROOT / "requirements" / "bench.txt"
_MADE_FROM = FOLDER / ".made-from"


def ensure() -> None:
    """Make the environment if it is not there, or was made from other requirements."""
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest() + f" {sys.version_info[:2]}"
    if PYTHON.exists() and _MADE_FROM.is_file() and _MADE_FROM.read_text(encoding="utf-8") == wanted:
        return
    print(f"bench: installing the peers into {FOLDER.name}", file=sys.stderr)
    venv.create(FOLDER, clear=True, symlinks=True, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "--requirement", str(_REQUIREMENTS)], check=True)
    _MADE_FROM.write_text(wanted, encoding="utf-8")


def site_packages() -> Path:
    """Where the peers' packages are, for programs of another Python that need one of them."""
    return next((FOLDER / "lib").glob("python*/site-packages"))
