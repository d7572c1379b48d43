#!/usr/bin/env bash
# Checks everything under deploy/terraform without an AWS.
#
#   deploy/checks/run.sh                    all of them
#   deploy/checks/run.sh CHECK…             some: formatting validate test assertions checkov hadolint readmes faults
#   deploy/checks/run.sh readmes --write    brings the READMEs' tables up to date
#
# A check whose tool is missing says SKIPPED, and with CI=true fails if the tool can be installed (the Python packages). Terraform and
# its AWS provider are in no package registry: without them their checks are skipped everywhere.
set -euo pipefail
# shellcheck source=deploy/checks/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly terraform_dir="$work/terraform"
readonly linters="$target_dir/deploy-checks-venv"
mkdir -p "$work"

have_terraform() { # CHECK
  if ! command -v terraform >/dev/null; then
    skip "$1" "terraform is not installed, and no package registry has it"
    return 1
  fi
  # Once for all checks of this run.
  if [[ -z "${prepared:-}" ]]; then
    copy_terraform "$terraform_dir"
    if ! terraform_init "$terraform_dir" || ! terraform_init "$terraform_dir/examples/minimal" ||
      ! terraform_init "$terraform_dir/examples/complete"; then
      prepared=no
    else
      prepared=yes
    fi
  fi
  if [[ "$prepared" == no ]]; then
    if [[ -z "$(mirror)" ]]; then
      skip "$1" "there is no mirror of the AWS provider, and Terraform's registry cannot be reached"
    else
      cat "$work/init.log" >&2
      echo "FAILED: $1 (terraform init)" >&2
      failed=1
    fi
    return 1
  fi
}

have_linters() { # CHECK
  venv deploy-checks-venv requirements.txt || { absent "$1" "python3 3.11 or its packages cannot be had" || failed=1; return 1; }
}

plan() { # EXAMPLE
  local example="$terraform_dir/examples/$1"
  terraform -chdir="$example" plan -no-color -var-file="$checks/offline/$1.tfvars" -out="$work/$1.tfplan" >"$work/$1.log" 2>&1 ||
    { cat "$work/$1.log" >&2; return 1; }
  terraform -chdir="$example" show -json "$work/$1.tfplan" >"$work/$1.json"
}

plans() {
  [[ -n "${planned:-}" ]] || { plan minimal && plan complete && planned=yes; }
}

check_formatting() {
  have_terraform formatting || return 0
  terraform fmt -check -diff -recursive "$root/deploy/terraform" "$checks/offline"
}

check_validate() {
  have_terraform validate || return 0
  local folder
  for folder in . examples/minimal examples/complete; do
    terraform -chdir="$terraform_dir/$folder" validate -no-color || return 1
  done
}

check_test() {
  have_terraform test || return 0
  # The tests of the examples bring their own provider.
  rm -f "$terraform_dir"/examples/*/*_override.tf
  local status=0
  terraform -chdir="$terraform_dir" test -no-color || status=$?
  prepared=''
  return "$status"
}

check_assertions() {
  have_terraform assertions || return 0
  plans || return 1
  local -a options=()
  if [[ -x "$drayage" ]]; then
    options+=(--drayage "$drayage")
  else
    absent "environment of the tasks" "there is no binary $drayage: cargo build --package drayage" || return 1
  fi
  local python=python3
  if have_linters parliament; then
    python="$linters/bin/python"
    options+=(--parliament)
  fi
  PYTHONPATH="$checks" "$python" -B -W ignore -m drayage_checks --root "$root/deploy/terraform" --sources "$root" \
    "${options[@]}" --whole "$work/complete.json" "$work/minimal.json"
}

check_checkov() {
  have_linters checkov || return 0
  local skips
  skips="$(PYTHONPATH="$checks" python3 -B -m drayage_checks.skips "$checks/checkov_skips.toml")" || return 1
  "$linters/bin/checkov" --directory "$root/deploy/terraform" --framework terraform --skip-download --compact --quiet \
    --skip-check "$skips"
}

check_hadolint() {
  have_linters hadolint || return 0
  "$linters/bin/hadolint" "$root/Dockerfile"
}

check_readmes() {
  command -v python3 >/dev/null || { absent readmes "python3 is not installed"; return; }
  PYTHONPATH="$checks" python3 -B -m drayage_checks.readmes "$root/deploy/terraform" "$@"
}

# Plants the faults that the checks are for, and demands that each is found.
check_faults() {
  have_terraform faults || return 0
  plans || return 1
  local python=python3
  ! have_linters parliament || python="$linters/bin/python"
  PYTHONPATH="$checks" DEPLOY_CHECKS_WORK="$work" DRAYAGE="$drayage" "$python" -B -W ignore -m unittest discover \
    --start-directory "$checks/tests" --top-level-directory "$checks"
}

readonly all=(formatting validate test assertions checkov hadolint readmes faults)
failed=0
if [[ "${1:-}" == readmes ]]; then
  shift
  check_readmes "$@"
  exit
fi
run_checks "$@"
exit "$failed"
