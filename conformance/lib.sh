# What the checks of this folder share: a Python with the pinned packages, a free port, waiting for a server. Sourced, after `name`
# (how messages name the check), `conformance` (this folder) and `target_dir` are set.

readonly venv="$target_dir/conformance-venv"
readonly start_deadline_s=60

die() {
  echo "$name: $*" >&2
  exit 2
}

skip() {
  if [[ "${CI:-}" == true ]]; then
    echo "$name: FAILED: $*" >&2
    exit 1
  fi
  echo "$name: SKIPPED: $*" >&2
  exit 0
}

# A virtual environment with the pinned packages; installed again only when the pins changed.
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

free_port() {
  "$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# await_server WHAT PID PORT LOG
await_server() {
  local end=$((SECONDS + start_deadline_s))
  until (exec 3<>"/dev/tcp/127.0.0.1/$3") 2>/dev/null; do
    kill -0 "$2" 2>/dev/null || { cat "$4" >&2; die "$1 ended before it listened"; }
    ((SECONDS < end)) || { cat "$4" >&2; die "$1 did not listen within $start_deadline_s s"; }
    sleep 0.1
  done
}

# stop_server PID: an empty one was never started.
stop_server() {
  if [[ -n "$1" ]]; then
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
  fi
}
