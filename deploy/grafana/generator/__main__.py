"""Writes the dashboards; with --check it only says whether they are what it would write.

    python3 -m generator [--check]        in deploy/grafana
"""

import json
import sys
from pathlib import Path

from . import internals, overview

FOLDER = Path(__file__).parent.parent


def main() -> int:
    old = []
    for module in (overview, internals):
        made = module.made()
        path = FOLDER / f"{made['uid'].removeprefix('drayage-')}.json"
        text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            old.append(path.name)
    for name in old:
        print(f"{name} is not what the generator makes: python3 -m generator", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
