"""Write every sample document anew."""

import sys
from pathlib import Path

from scripts.samples.catalogue import write_samples

FOLDER = Path(__file__).parents[2] / "src/millhand/demo/samples"


def main() -> int:
    """Write the files that the package ships, and name them."""
    for path in write_samples(FOLDER):
        print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
