#!/usr/bin/env bash
# Runs Drayage's own processes, unchanged, against ministack: the whole pipeline on an AWS that is not ours.
#
#   conformance/ministack/run.sh
#
# Needs python3 (3.11 or later) with pip, and the binary `drayage`: cargo brings it up to date, unless DRAYAGE names one.
# Without python or its packages the check is SKIPPED with exit code 0, or fails when CI=true.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly here
conformance="$(dirname "$here")"
readonly conformance
root="$(dirname "$conformance")"
readonly root
readonly target_dir="${CARGO_TARGET_DIR:-$root/target}"
readonly name=ministack
readonly drayage="${DRAYAGE:-$target_dir/debug/drayage}"
# The suite's environment: the same pins, so it is made once for both.
# shellcheck source=conformance/lib.sh
source "$conformance/lib.sh"

python() {
  PYTHONPATH="$conformance" "$venv/bin/python" -B "$@"
}

stop_ministack() {
  stop_server "${ministack_pid:-}"
  rm -rf "$logs"
}

prepare_venv
if [[ -z "${DRAYAGE:-}" ]]; then
  cargo build --quiet --manifest-path "$root/Cargo.toml" --package drayage
fi
[[ -x "$drayage" ]] || die "there is no binary $drayage"
logs="$(mktemp -d)"
trap stop_ministack EXIT
port="$(free_port)"
# It binds every interface unless told otherwise. It is started directly, so that its process id is its own.
PYTHONPATH="$conformance" BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" \
  "$venv/bin/python" -B "$here/full_object_checksums.py" >"$logs/ministack.log" 2>&1 &
ministack_pid=$!
await_server ministack "$ministack_pid" "$port" "$logs/ministack.log"

status=0
python "$here/pipeline.py" --endpoint "http://127.0.0.1:$port" --drayage "$drayage" --logs "$logs" || status=$?
exit "$status"
