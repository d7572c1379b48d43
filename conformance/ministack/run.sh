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
# The suite's environment: the same pins, so it is made once for both.
readonly venv="$target_dir/conformance-venv"
readonly drayage="${DRAYAGE:-$target_dir/debug/drayage}"
readonly start_deadline_s=60

die() {
  echo "ministack: $*" >&2
  exit 2
}

skip() {
  if [[ "${CI:-}" == true ]]; then
    echo "ministack: FAILED: $*" >&2
    exit 1
  fi
  echo "ministack: SKIPPED: $*" >&2
  exit 0
}

prepare_venv() {
  command -v python3 >/dev/null || skip "python3 is missing"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip "python3 is older than 3.11"
  if ! cmp -s "$conformance/requirements.txt" "$venv/requirements.txt"; then
    rm -rf "$venv"
    mkdir -p "$target_dir"
    python3 -m venv "$venv" || skip "python3 cannot make a virtual environment"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
      --requirement "$conformance/requirements.txt" || skip "pip cannot install conformance/requirements.txt"
    cp "$conformance/requirements.txt" "$venv/requirements.txt"
  fi
}

python() {
  PYTHONPATH="$conformance" "$venv/bin/python" -B "$@"
}

free_port() {
  python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

await_ministack() {
  local end=$((SECONDS + start_deadline_s))
  until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
    kill -0 "$ministack_pid" 2>/dev/null || { cat "$logs/ministack.log" >&2; die "it ended before it listened"; }
    ((SECONDS < end)) || { cat "$logs/ministack.log" >&2; die "it did not listen within $start_deadline_s s"; }
    sleep 0.1
  done
}

stop_ministack() {
  if [[ -n "${ministack_pid:-}" ]]; then
    kill "$ministack_pid" 2>/dev/null || true
    wait "$ministack_pid" 2>/dev/null || true
  fi
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
await_ministack "$port"

status=0
python "$here/pipeline.py" --endpoint "http://127.0.0.1:$port" --drayage "$drayage" --logs "$logs" || status=$?
exit "$status"
