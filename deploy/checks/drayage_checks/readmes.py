"""The tables of inputs and outputs in each module's README, made of its variables.tf and outputs.tf.

    python -m drayage_checks.readmes FOLDER [--write]
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Iterator

from .plan import Fault

BEGIN, END = "<!-- inputs and outputs: made by deploy/checks/run.sh readmes --write -->", "<!-- end -->"
BLOCK = re.compile(r'^(variable|output) "([^"]+)" \{\n(.*?)^\}$', re.MULTILINE | re.DOTALL)
DESCRIPTION = re.compile(r'^  description = "((?:[^"\\]|\\.)*)"$', re.MULTILINE)
# An attribute's value: the rest of its line, and the lines below that are indented deeper, with the closing bracket.
VALUE = r"^  {name}\s+= (.*(?:\n(?:    .*|  [\]\}}\)]+))*)$"


def attribute(body: str, name: str) -> str | None:
    found = re.search(VALUE.replace("{name}", name).replace("}}", "}"), body, re.MULTILINE)
    return found[1] if found else None


def cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def kind(text: str) -> str:
    """A long type is told by its beginning: the description says the rest."""
    return cell(text) if len(cell(text)) <= 40 else cell(text).split("{")[0] + "{…}" + ")" * text.split("{")[0].count("(")


def default(text: str | None) -> str:
    if text is None:
        return "required"
    return f"`{cell(text)}`" if len(cell(text)) <= 100 else "see variables.tf"


def blocks(path: Path) -> Iterator[tuple[str, str]]:
    if path.exists():
        for _, name, body in BLOCK.findall(path.read_text()):
            yield name, body


def description(body: str) -> str:
    found = DESCRIPTION.search(body)
    return cell(found[1].replace('\\"', '"')) if found else ""


def tables(module: Path) -> str:
    inputs = [
        f"| `{name}` | {description(body)} | `{kind(attribute(body, 'type') or 'any')}` | {default(attribute(body, 'default'))} |"
        for name, body in blocks(module / "variables.tf")
    ]
    outputs = [f"| `{name}` | {description(body)} |" for name, body in blocks(module / "outputs.tf")]
    lines = [BEGIN, "", "| input | meaning | type | default |", "|---|---|---|---|", *inputs]
    return "\n".join([*lines, "", "| output | meaning |", "|---|---|", *outputs, "", END])


def modules(root: Path) -> list[Path]:
    return [root, *sorted(path for path in root.glob("modules/*") if path.is_dir()), *sorted(root.glob("examples/*"))]


def current(readme: str, module: Path) -> str:
    """The README with the tables as they should be."""
    if BEGIN not in readme or END not in readme:
        return readme.rstrip() + "\n\n" + tables(module) + "\n"
    head, rest = readme.split(BEGIN, 1)
    return head + tables(module) + rest.split(END, 1)[1]


def stale(root: Path) -> Iterator[Fault]:
    for module in modules(root):
        readme = module / "README.md"
        where = str(readme.relative_to(root))
        if not readme.exists():
            yield Fault("readmes", where, "there is none")
        elif readme.read_text() != current(readme.read_text(), module):
            yield Fault("readmes", where, "its tables are not those of variables.tf and outputs.tf: run.sh readmes --write")
        for path in (module / "variables.tf", module / "outputs.tf"):
            for name, body in blocks(path):
                if not description(body):
                    yield Fault("readmes", f"{path.relative_to(root)}, {name}", "it has no description")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the Terraform root")
    parser.add_argument("--write", action="store_true", help="bring the tables up to date")
    options = parser.parse_args()
    if options.write:
        for module in modules(options.folder):
            readme = module / "README.md"
            readme.write_text(current(readme.read_text() if readme.exists() else f"# {module.name}\n", module))
    faults = list(stale(options.folder))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
