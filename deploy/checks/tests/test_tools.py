"""What Terraform, parliament and the program itself must find: faults planted in the code."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from drayage_checks import policies, program, readmes

from .plans import WORK, complete, in_json, planted

try:
    import parliament
except ImportError:
    parliament = None

DRAYAGE = Path(os.environ["DRAYAGE"])


class Terraform(unittest.TestCase):
    """A copy of examples/complete, initialised; the plugin is a link."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir=WORK))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(WORK / "terraform", self.folder / "terraform", symlinks=True)
        self.terraform = self.folder / "terraform"

    def change(self, file: str, old: str, new: str) -> None:
        path = self.terraform / file
        text = path.read_text()
        self.assertIn(old, text, f"{file} has nothing to plant the fault in")
        path.write_text(text.replace(old, new, 1))

    def run_terraform(self, *arguments: str) -> str:
        command = ["terraform", f"-chdir={self.terraform / 'examples/complete'}", *arguments]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        return "" if told.returncode == 0 else told.stdout + told.stderr

    def test_the_code_itself_is_valid(self):
        self.assertEqual(self.run_terraform("validate", "-no-color"), "")

    def test_a_wrong_argument(self):
        self.change("modules/lane/main.tf", "receive_wait_time_seconds", "receive_wait_seconds")
        self.assertIn("Unsupported argument", self.run_terraform("validate", "-no-color"))

    def test_a_missing_output(self):
        self.change("modules/lane/outputs.tf", 'output "dlq_arn"', 'output "dead_letter_arn"')
        self.assertIn("dlq_arn", self.run_terraform("validate", "-no-color"))

    def test_a_bad_pair_of_cpu_and_memory(self):
        self.change("examples/complete/main.tf", "tasks_min = 1,", "tasks_min = 1, memory = 1024,")
        variables = Path(__file__).parents[1] / "offline/complete.tfvars"
        self.assertIn("no such pair", self.run_terraform("plan", "-no-color", f"-var-file={variables}"))


@unittest.skipIf(parliament is None, "SKIPPED: parliament is not installed")
class Parliament(unittest.TestCase):
    def test_a_misspelt_action(self):
        def misspell(document):
            document["Statement"][-1]["Action"] = ["sqs:RecieveMessage"]

        broken = planted("aws_iam_role_policy", in_json("policy", misspell))
        found = [fault for fault in policies.parliament_findings(broken) if "sqs:RecieveMessage" in str(fault)]
        self.assertTrue(found, "parliament took a misspelt action")

    def test_the_policies_themselves_are_clean(self):
        self.assertEqual([str(fault) for fault in policies.parliament_findings(complete())], [])


@unittest.skipUnless(DRAYAGE.exists(), "SKIPPED: there is no binary of drayage")
class Settings(unittest.TestCase):
    def test_a_value_that_the_program_refuses(self):
        def misconfigure(containers):
            for entry in containers[0]["environment"]:
                if entry["name"] == "DRAYAGE_OLDER_THAN":
                    entry["value"] = "yesterday"

        broken = planted("aws_ecs_task_definition", in_json("container_definitions", misconfigure))
        reaper = {"planned_values": {"root_module": {"resources": [first_task(broken)]}}}
        self.assertEqual([fault.check for fault in program.refused(reaper, DRAYAGE)], ["settings"])


def first_task(plan_with_tasks: dict) -> dict:
    def walk(module):
        yield from (resource for resource in module.get("resources", []) if resource["type"] == "aws_ecs_task_definition")
        for child in module.get("child_modules", []):
            yield from walk(child)

    return next(walk(plan_with_tasks["planned_values"]["root_module"]))


class Sources(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir=WORK))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_a_wildcard_without_a_reason(self):
        file = self.folder / "main.tf"
        file.write_text('statement {\n  actions = ["ecr:GetAuthorizationToken"]\n  resources = ["*"]\n}\n')
        self.assertEqual([fault.check for fault in policies.wildcards(self.folder)], ["wildcard-reason"])
        file.write_text('statement {\n  # This action knows no resources.\n  resources = ["*"]\n}\n')
        self.assertEqual(list(policies.wildcards(self.folder)), [])

    def test_a_stale_table_of_inputs(self):
        (self.folder / "variables.tf").write_text('variable "lane" {\n  description = "The lane."\n  type        = string\n}\n')
        (self.folder / "README.md").write_text(readmes.current("# Lane\n", self.folder))
        self.assertEqual(list(readmes.stale(self.folder)), [])
        self.assertIn("| `lane` | The lane. | `string` | required |", (self.folder / "README.md").read_text())
        (self.folder / "variables.tf").write_text('variable "name" {\n  description = "The name."\n  type        = string\n}\n')
        self.assertEqual([fault.check for fault in readmes.stale(self.folder)], ["readmes"])
