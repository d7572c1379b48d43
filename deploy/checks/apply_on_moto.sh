#!/usr/bin/env bash
# Applies examples/complete on moto, and sends files through what was applied with the real program.
#
#   deploy/checks/apply_on_moto.sh
#
# Needs terraform with the AWS provider, python3 3.11 with pip, and the binary `drayage` (DRAYAGE names it, or target/debug/drayage).
# Without terraform or its provider it says SKIPPED: no package registry has them. Takes about four minutes.
set -euo pipefail
# shellcheck source=deploy/checks/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly region=eu-west-1 name=drayage-demo
readonly applied="$work/applied"
readonly python="$target_dir/deploy-checks-moto-venv/bin/python"
mkdir -p "$work"

stop() {
  if [[ -n "${server_pid:-}" ]]; then
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
  fi
}

command -v terraform >/dev/null || { skip "apply on moto" "terraform is not installed, and no package registry has it"; exit 0; }
[[ -x "$drayage" ]] || { absent "apply on moto" "there is no binary $drayage: cargo build --package drayage" || exit 1; exit 0; }
venv deploy-checks-moto-venv requirements-moto.txt ||
  { absent "apply on moto" "python3 3.11 or its packages cannot be had" || exit 1; exit 0; }
copy_terraform "$applied"
cp "$checks/moto/endpoint_override.tf" "$applied/examples/complete/provider_override.tf"
if ! terraform_init "$applied/examples/complete"; then
  [[ -z "$(mirror)" ]] || { cat "$work/init.log" >&2; exit 1; }
  skip "apply on moto" "there is no mirror of the AWS provider, and Terraform's registry cannot be reached"
  exit 0
fi

# An emulator in memory has no room for a file that the lane is really for.
sed -i 's/^bulk_over_bytes = .*/bulk_over_bytes = 67_108_864/' "$applied/examples/complete/rules.toml"

port="$(free_port)"
trap stop EXIT
rm -f "$applied/calls.jsonl"
export PYTHONPATH="$checks"
"$python" -B "$checks/moto/server.py" "$port" "$applied/calls.jsonl" >"$work/moto.log" 2>&1 &
server_pid=$!
await_port "$server_pid" "$port" "$work/moto.log"
export AWS_ENDPOINT_URL="http://127.0.0.1:$port"

grep -v '^kms_key_arn\|^network\|^#' "$checks/offline/complete.tfvars" >"$applied/complete.tfvars"
"$python" -B "$checks/moto/network.py" "$region" >"$applied/network.tfvars.json"

# Nearly all the time is the provider's, which waits for what AWS takes a while to show: so, much at a time.
terraform_do() { # apply|destroy
  terraform -chdir="$applied/examples/complete" "$1" -no-color -auto-approve -parallelism=40 \
    -var-file="$applied/complete.tfvars" -var-file="$applied/network.tfvars.json" -var protected=false >"$work/$1.log" 2>&1 ||
    { tail -n 60 "$work/$1.log" >&2; return 1; }
  grep "^${1^} complete" "$work/$1.log"
}

start=$SECONDS
terraform_do apply
echo "applied in $((SECONDS - start)) s"
terraform -chdir="$applied/examples/complete" output -json >"$applied/outputs.json"

rm -rf "$applied/logs"
mkdir -p "$applied/logs"
start=$SECONDS
"$python" -B "$checks/moto/transfer.py" --calls "$applied/calls.jsonl" --outputs "$applied/outputs.json" --region "$region" --name "$name" \
  --drayage "$drayage" --logs "$applied/logs"
echo "transferred in $((SECONDS - start)) s"

start=$SECONDS
terraform_do destroy
"$python" -B "$checks/moto/remains.py" "$region" "$name"
echo "destroyed in $((SECONDS - start)) s; nothing is left"
