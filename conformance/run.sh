#!/usr/bin/env bash
# Runs the suite of AWS behaviours against a target on a loopback port of its own.
#
#   conformance/run.sh simcloud [pytest options]
#   conformance/run.sh ministack [pytest options]
#
# Needs python3 (3.11 or later) with pip, and for simcloud the example `serve`: cargo brings it up to date, unless
# SIMCLOUD_SERVE names a binary. Without python or its packages the check is SKIPPED with exit code 0, or fails when CI=true.
set -euo pipefail

readonly here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly root="$(dirname "$here")"
readonly target_dir="${CARGO_TARGET_DIR:-$root/target}"
readonly venv="$target_dir/conformance-venv"
readonly target="${1:-}"
readonly serve="${SIMCLOUD_SERVE:-$target_dir/debug/examples/serve}"
readonly start_deadline_s=60

die() {
  echo "conformance: $*" >&2
  exit 2
}

skip() {
  if [[ "${CI:-}" == true ]]; then
    echo "conformance: FAILED: $*" >&2
    exit 1
  fi
  echo "conformance: SKIPPED: $*" >&2
  exit 0
}

# A virtual environment with the pinned packages; installed again only when the pins changed.
prepare_venv() {
  command -v python3 >/dev/null || skip "python3 is missing"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip "python3 is older than 3.11"
  if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf "$venv"
    mkdir -p "$target_dir"
    python3 -m venv "$venv" || skip "python3 cannot make a virtual environment"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" ||
      skip "pip cannot install conformance/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
  fi
}

free_port() {
  "$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

accepts_connections() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

build_target() {
  if [[ "$target" == simcloud && -z "${SIMCLOUD_SERVE:-}" ]]; then
    cargo build --quiet --manifest-path "$root/Cargo.toml" --package simcloud --example serve
  fi
}

start_target() {
  case "$target" in
    simcloud)
      "$serve" --port "$1" >"$log" 2>&1 &
      ;;
    ministack)
      # It binds every interface unless told otherwise.
      BIND_HOST=127.0.0.1 GATEWAY_PORT="$1" "$venv/bin/ministack" >"$log" 2>&1 &
      ;;
  esac
  target_pid=$!
}

await_target() {
  local end=$((SECONDS + start_deadline_s))
  until accepts_connections "$1"; do
    kill -0 "$target_pid" 2>/dev/null || { cat "$log" >&2; die "$target ended before it listened"; }
    ((SECONDS < end)) || { cat "$log" >&2; die "$target did not listen within $start_deadline_s s"; }
    sleep 0.1
  done
}

stop_target() {
  if [[ -n "${target_pid:-}" ]]; then
    kill "$target_pid" 2>/dev/null || true
    wait "$target_pid" 2>/dev/null || true
  fi
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
await_target "$port"

status=0
"$venv/bin/python" -B -m pytest "$here" --endpoint "http://127.0.0.1:$port" --target "$target" \
  --quiet --numprocesses "${CONFORMANCE_PROCESSES:-8}" "$@" || status=$?
exit "$status"
