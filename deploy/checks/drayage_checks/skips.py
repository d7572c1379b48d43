"""The checks of checkov's that are not made, each with its reason: prints them as checkov takes them.

    python -m drayage_checks.skips FILE
"""

import sys
import tomllib
from pathlib import Path


def read(path: Path) -> dict[str, str]:
    """Check → reason; raises ValueError for one without."""
    skips = tomllib.loads(path.read_text())
    for check, reason in skips.items():
        if not isinstance(reason, str) or len(reason.split()) < 4:
            raise ValueError(f"{path.name}: {check}: expected the reason why it is not made, and not {reason!r}")
    return skips


if __name__ == "__main__":
    print(",".join(read(Path(sys.argv[1]))))
