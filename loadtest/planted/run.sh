#!/usr/bin/env bash
# Plants one bug after another into a copy of the tree and demands that the simulation finds it:
#   loadtest/planted/run.sh [--quick] [NAME…]
# Each *.patch says in its first lines what it breaks and which invariant should see it. The copy and what is built of it lie in
# target/planted; the tree itself is never touched. PLANTED_SEEDS (1000) and PLANTED_TIMEOUT (900 s) bound
# the search for one bug, PLANTED_JOBS (2) its threads.
# Ends with 1 when a bug is not caught, when a patch does not apply or compile, or when the tree without a bug does not pass.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD here=loadtest/planted work=$PWD/target/planted
seeds=${PLANTED_SEEDS:-1000} jobs=${PLANTED_JOBS:-2}

# One for each stage of the flow, and found within few seeds.
quick=(common-queued-unconditionally worker-deleted-before-ledger worker-publish-unconditional worker-marker-missing
  dispatcher-send-failure-ignored dispatcher-malformed-deleted)

names=()
for argument in "$@"; do
  case $argument in
    --quick) names+=("${quick[@]}") ;;
    *) argument=${argument##*planted/} && names+=("${argument%.patch}") ;;
  esac
done
if [ ${#names[@]} -eq 0 ]; then
  # In the order of their crates, so that each build begins where the last one ended.
  for patch in "$here"/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi

# The dependencies are built once, as for a release; our own crates again and again, so quickly and in small units.
export CARGO_TARGET_DIR=$work/build CARGO_INCREMENTAL=1 CARGO_TERM_COLOR=never
profile=()
for package in drayage-common drayage-dispatcher drayage-worker loadtest simcloud topology; do
  profile+=(--config "profile.release.package.$package.opt-level=1" --config "profile.release.package.$package.codegen-units=64")
done
build() { (cd "$work/tree" && cargo build --release --locked -p loadtest "${profile[@]}" >"$work/build.log" 2>&1); }
simulate() { # BINARY OPTION…
  local binary=$1
  shift
  timeout "${PLANTED_TIMEOUT:-900}" "$binary" simulate --jobs "$jobs" "$@" >"$work/simulate.log" 2>&1
}

mkdir -p "$work/tree"
# What is committed and what is being worked on, without what is built. Only what differs is written, so that cargo builds only that.
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  [ -e "$file" ] || continue
  cmp -s "$file" "$work/tree/$file" || { mkdir -p "$work/tree/$(dirname "$file")" && cp "$file" "$work/tree/$file"; }
done
# What an earlier run copied and the tree has no more would be compiled too.
(cd "$work/tree" && find . -path ./.git -prune -o -path ./target -prune -o -type f -print0) | while IFS= read -r -d '' file; do
  [ -e "$file" ] || rm "$work/tree/$file"
done
plant() { git -C "$work/tree" apply --unsafe-paths --directory="" -C1 "$@"; }
# A tree within a repository would be taken for a part of it.
[ -d "$work/tree/.git" ] || git init -q "$work/tree"

row() { printf '%-36s %-44s %-12s %6s %8s\n' "$@"; }
field() { sed -n "s/^# $2: //p" "$here/$1.patch"; }

# Searches seed after seed. A seed that the tree without the bug does not pass either proves nothing and is passed over.
hunt() { # NAME
  local name=$1 started=$SECONDS from=0 violation seed expected
  expected=$(field "$name" 'caught by')
  while [ "$from" -lt "$seeds" ]; do
    simulate "$work/build/release/loadtest" --from "$from" --seeds $((seeds - from)) --fail-fast && break
    # `seed 7 broke S7 delete comes last: …`; anything else is no catch but a failure of the run itself.
    violation=$(grep -m1 -oE 'seed [0-9]+ broke [^:]+' "$work/simulate.log" || true)
    if [ -z "$violation" ]; then
      row "$name" "NO VERDICT: $(tail -1 "$work/simulate.log" | cut -c1-30)" "$expected" - $((SECONDS - started))
      missed=$((missed + 1))
      return
    fi
    seed=${violation#seed } seed=${seed%% *}
    if simulate "$work/clean" --seed "$seed"; then
      row "$name" "${violation#* broke }" "$expected" "$seed" $((SECONDS - started))
      return
    fi
    from=$((seed + 1))
  done
  row "$name" "NOT CAUGHT" "$expected" "$seeds" $((SECONDS - started))
  missed=$((missed + 1))
}

build || { tail -30 "$work/build.log"; echo "the tree does not build" >&2; exit 1; }
cp "$work/build/release/loadtest" "$work/clean"
simulate "$work/clean" --seeds "${PLANTED_CLEAN_SEEDS:-20}" --fail-fast \
  || { tail -30 "$work/simulate.log"; echo "the tree without a bug does not pass" >&2; exit 1; }

row bug "caught by" expected seed seconds
missed=0
for name in "${names[@]}"; do
  patch=$root/$here/$name.patch
  if ! plant "$patch" 2>"$work/apply.log"; then
    row "$name" "DOES NOT APPLY" "$(field "$name" 'caught by')" - -
    missed=$((missed + 1))
    continue
  fi
  if ! build; then
    row "$name" "DOES NOT COMPILE ($(grep -m1 '^error' "$work/build.log"))" "$(field "$name" 'caught by')" - -
    missed=$((missed + 1))
  else
    hunt "$name"
  fi
  plant -R "$patch"
done
printf '%d of %d bugs caught\n' $((${#names[@]} - missed)) ${#names[@]}
[ "$missed" -eq 0 ]
