#!/usr/bin/env bash
# Fuzzes each target for some seconds: fuzz/run.sh SECONDS [TARGET…]; only builds all of them: fuzz/run.sh --build
# The seeds in fuzz/corpus are read; what libFuzzer finds goes to fuzz/found, which is not committed. A property that does not hold
# leaves its input in fuzz/artifacts and ends the run with an error. Without cargo-fuzz or a C++ compiler the check is SKIPPED with
# exit code 0, or fails when CI=true.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET…] | --build}
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(checksums events marker rules sequencer template wire)

version=0.13.2
skip() {
  if [[ "${CI:-}" == true ]]; then
    echo "fuzzing: FAILED: $*" >&2
    exit 1
  fi
  echo "fuzzing: SKIPPED: $*" >&2
  exit 0
}
export PATH="$PWD/target/tools/bin:$PATH"
if ! command -v c++ >/dev/null && ! command -v clang++ >/dev/null; then
  skip "libFuzzer needs a C++ compiler"
fi
if ! cargo fuzz --version >/dev/null 2>&1 \
  && ! cargo install cargo-fuzz --version "$version" --locked --profile dev --root target/tools; then
  skip "cargo-fuzz $version cannot be installed here"
fi

# The code is safe Rust, so there is nothing for a sanitizer to find, and without one the pinned stable toolchain is enough.
cargo fuzz build --sanitizer none
[[ "$seconds" != --build ]] || exit 0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
fuzz() { # TARGET
  local target=$1 log=$logs/$1 executed rate
  mkdir -p "fuzz/found/$target"
  if ! cargo fuzz run --sanitizer none "$target" "fuzz/found/$target" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 >"$log" 2>&1; then
    tail -40 "$log"
    echo "FAILED: $target" >&2
    return 1
  fi
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  echo "$target: $executed inputs, $rate a second, nothing found"
}
# One for each core: a target is one thread.
running=()
for target in "${targets[@]}"; do
  if [ "${#running[@]}" -ge "$(nproc)" ]; then
    wait "${running[0]}"
    running=("${running[@]:1}")
  fi
  fuzz "$target" &
  running+=($!)
done
for pid in "${running[@]}"; do wait "$pid"; done
