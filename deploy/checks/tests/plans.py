"""The plan of examples/complete, and ways to plant a fault in a copy of it."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, Callable

from drayage_checks import plan

WORK = Path(os.environ["DEPLOY_CHECKS_WORK"])


@cache
def _complete() -> str:
    return (WORK / "complete.json").read_text()


def complete() -> dict:
    return json.loads(_complete())


def planted(kind: str, change: Callable[[dict[str, Any]], None]) -> dict:
    """The plan with `change` made to the values of the first resource of this kind."""
    changed = complete()
    resource = next(iter(plan.resources(changed, kind)))
    change(resource.values)
    return changed


def in_json(attribute: str, change: Callable[[Any], None]) -> Callable[[dict[str, Any]], None]:
    """A change within an attribute that holds JSON."""

    def applied(values: dict[str, Any]) -> None:
        content = json.loads(values[attribute])
        change(content)
        values[attribute] = json.dumps(content)

    return applied
