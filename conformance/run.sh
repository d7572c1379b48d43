#!/usr/bin/env bash
# Runs the suite of AWS behaviours against a target on a loopback port of its own.
#
#   conformance/run.sh simcloud [pytest options]
#   conformance/run.sh ministack [pytest options]
#
# Needs python3 (3.11 or later) with pip, and for simcloud the example `serve`: cargo brings it up to date, unless
# SIMCLOUD_SERVE names a binary. Without python or its packages the check is SKIPPED with exit code 0, or fails when CI=true.
set -euo pipefail

conformance="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly conformance
root="$(dirname "$conformance")"
readonly root
readonly name=conformance
readonly target_dir="${CARGO_TARGET_DIR:-$root/target}"
readonly target="${1:-}"
readonly serve="${SIMCLOUD_SERVE:-$target_dir/debug/examples/serve}"
# shellcheck source=conformance/lib.sh
source "$conformance/lib.sh"

build_target() {
  if [[ "$target" == simcloud && -z "${SIMCLOUD_SERVE:-}" ]]; then
    cargo build --quiet --manifest-path "$root/Cargo.toml" --package simcloud --example serve
  fi
}

start_target() {
  case "$target" in
    simcloud)
      # The secret of support/clients.py: presigned requests are verified with it.
      "$serve" --port "$1" --secret-access-key conformance >"$log" 2>&1 &
      ;;
    ministack)
      # It binds every interface unless told otherwise.
      BIND_HOST=127.0.0.1 GATEWAY_PORT="$1" "$venv/bin/ministack" >"$log" 2>&1 &
      ;;
  esac
  target_pid=$!
}

stop_target() {
  stop_server "${target_pid:-}"
  rm -f "$log"
}

case "$target" in
  simcloud | ministack) shift ;;
  *) die "usage: $0 simcloud|ministack [pytest options]" ;;
esac
prepare_venv
build_target
log="$(mktemp)"
trap stop_target EXIT
port="$(free_port)"
start_target "$port"
await_server "$target" "$target_pid" "$port" "$log"

status=0
"$venv/bin/python" -B -m pytest "$conformance" --endpoint "http://127.0.0.1:$port" --target "$target" \
  --quiet --numprocesses "${CONFORMANCE_PROCESSES:-8}" "$@" || status=$?
exit "$status"
