"""Tries what the kernel lets a process give up, in a process of its own: nothing of it can be taken back.

Writes a JSON object: whether the network and the files could be given up. Standard library only.
"""

import json
import sys
from pathlib import Path

from millhand.engines import confine


def main() -> int:
    """Try it, and say how it went."""
    found = {"network": confine.leave_network(), "files": confine.restrict_files((Path("/"),), ())}
    sys.stdout.write(json.dumps(found))
    return 0
