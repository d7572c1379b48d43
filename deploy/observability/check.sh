#!/usr/bin/env bash
# Checks dashboards, rules and the compose file, and then all of them together, on a pipeline that really runs.
#
#   deploy/observability/check.sh            all of them
#   deploy/observability/check.sh CHECK…     some: dashboards rules compose pipeline
#
# `pipeline` needs a binary (DRAYAGE, or target/debug/drayage). A check whose tool is missing says SKIPPED. With CI=true the tools are
# fetched below target/ (Debian's prometheus, Python packages; nothing is installed), and it fails without them.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly here
# shellcheck source=deploy/checks/lib.sh
source "$here/../checks/lib.sh"

readonly files="$target_dir/observability-check"
readonly python="$target_dir/observability-venv/bin/python"
mkdir -p "$files"

# Unpacked, not installed: the package would start a service.
fetch_prometheus() {
  [[ -x "$files/prometheus/usr/bin/promtool" ]] && return
  { apt-get update && cd "$files" && apt-get download prometheus; } >"$files/apt.log" 2>&1 || { cat "$files/apt.log" >&2; return 1; }
  dpkg -x "$files"/prometheus_*.deb "$files/prometheus"
}

have_prometheus() { # CHECK
  if ! command -v promtool >/dev/null || ! command -v prometheus >/dev/null; then
    if [[ "${CI:-}" == true ]]; then
      (fetch_prometheus) || true
    fi
    PATH="$files/prometheus/usr/bin:$PATH"
  fi
  command -v promtool >/dev/null && command -v prometheus >/dev/null || { absent "$1" "prometheus is not installed: apt-get install prometheus" || failed=1; return 1; }
}

have_python() { # CHECK
  venv observability-venv ../observability/requirements.txt || { absent "$1" "python3 3.11 or its packages cannot be had" || failed=1; return 1; }
}

run() { # MODULE ARGUMENT…
  PYTHONPATH="$here" "$python" -B -m "observability_checks.$1" "${@:2}"
}

check_dashboards() {
  have_python dashboards || return 0
  (cd "$root/deploy/grafana" && "$python" -B -m generator --check) || return 1
  have_prometheus dashboards || return 0
  run dashboards "$root/deploy/grafana/overview.json" "$root/deploy/grafana/internals.json"
}

check_rules() {
  have_prometheus rules || return 0
  local folder="$root/deploy/prometheus"
  promtool check config "$folder/prometheus.yml" && promtool test rules "$folder"/tests/*.yml
}

check_compose() {
  have_python compose || return 0
  run compose "$root/deploy/compose.yaml"
}

check_pipeline() {
  [[ -x "$drayage" ]] || { absent pipeline "there is no binary $drayage: cargo build --package drayage"; return; }
  have_python pipeline || return 0
  have_prometheus pipeline || return 0
  run pipeline --drayage "$drayage" --deploy "$root/deploy" --work "$files/pipeline"
}

readonly all=(dashboards rules compose pipeline)
failed=0
run_checks "$@"
exit "$failed"
