"""Reads plans (`terraform show -json`) and says what Terraform, its provider and checkov do not see.

    python -m drayage_checks --root DEPLOY/TERRAFORM --sources REPOSITORY [--drayage BINARY] [--parliament] --whole PLAN [PLAN…]
"""

import argparse
import sys
from pathlib import Path
from typing import Callable, Iterator

from . import alarms, encryption, events, ledger, metrics, plan, policies, program, tasks
from .plan import Fault

ALWAYS: tuple[Callable[[dict], Iterator[Fault]], ...] = (
    *tasks.CHECKS,
    *events.CHECKS,
    *encryption.CHECKS,
    *policies.CHECKS,
    *alarms.CHECKS,
    metrics.expressions,
)
ROLES = ("dispatcher", "worker", "reap")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, type=Path, help="the Terraform root")
    parser.add_argument("--sources", required=True, type=Path, help="the repository")
    parser.add_argument("--drayage", type=Path, help="the binary: its settings are compared with the tasks'")
    parser.add_argument("--parliament", action="store_true", help="ask parliament about every policy of a role")
    parser.add_argument("--whole", required=True, type=Path, help="the plan that uses everything there is, with keys that are there")
    parser.add_argument("plans", nargs="*", type=Path, help="further plans")
    options = parser.parse_args()

    ours = program.metrics(options.drayage) if options.drayage else None
    whole = [policies.unknown]
    checks = [*ALWAYS, lambda p: metrics.names(p, ours or set())]
    wanted = ledger.of_the_program(options.sources)
    checks += [lambda p: ledger.table(p, wanted), lambda p: ledger.receives(p, wanted)]
    if options.drayage:
        read = {role: program.variables(options.drayage, role) for role in ROLES}
        checks.append(lambda p: program.unread(p, read))
        whole.append(lambda p: program.missing(p, read))
        known = program.subcommands(options.drayage)
        checks.append(lambda p: program.commands(p, known))
        checks.append(lambda p: program.refused(p, options.drayage))
    if options.parliament:
        checks.append(policies.parliament_findings)

    faults = list(policies.wildcards(options.root))
    for path in (options.whole, *options.plans):
        loaded = plan.load(path)
        count = sum(1 for _ in plan.resources(loaded))
        found = [fault for check in checks + (whole if path == options.whole else []) for fault in check(loaded)]
        print(f"{path.stem}: {count} resources, {len(found)} faults")
        faults += found
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
