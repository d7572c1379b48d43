"""A plan, as `terraform show -json` tells it, and faults found in it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator


@dataclass(frozen=True)
class Fault:
    """What is wrong, where. `check` is the name of the check that found it."""

    check: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.check}: {self.where}: {self.what}"


@dataclass(frozen=True)
class Resource:
    address: str
    kind: str
    values: dict[str, Any]

    def json(self, name: str) -> Any:
        """An attribute that holds JSON; None where it is known only after the apply."""
        text = self.values.get(name)
        return None if text is None else json.loads(text)


def load(path: Path) -> dict:
    return json.loads(path.read_text())


def resources(plan: dict, *kinds: str) -> Iterator[Resource]:
    """What will be made, of these kinds or of all, modules within modules included. Data sources are left out."""

    def walk(module: dict) -> Iterator[Resource]:
        for resource in module.get("resources", []):
            if resource["mode"] == "managed" and (not kinds or resource["type"] in kinds):
                yield Resource(resource["address"], resource["type"], resource.get("values", {}))
        for child in module.get("child_modules", []):
            yield from walk(child)

    yield from walk(plan["planned_values"]["root_module"])


def listed(value: Any) -> list:
    """IAM takes one thing for a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]
