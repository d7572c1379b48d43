#!/usr/bin/env bash
# Builds the image and runs it: what is in it, and a dispatcher and a worker as containers that move files through a simcloud.
#
#   deploy/image/check.sh
#
# Needs root, buildah, podman, runc, mmdebstrap and python3 (3.11 or later) with pip. Without them the check is SKIPPED with exit
# code 0; with CI=true it installs the first four from Debian, and fails when that cannot be done. Its images are kept in
# target/image, apart from those of the machine: the next check begins with their layers, and deleting the folder deletes all.
#
#   IMAGE           an image to check instead of building one
#   PROFILE         the cargo profile to build it in: dist, as the Dockerfile has it, or dev, which is faster
#   BUILD_IMAGE     the image to build in, as the Dockerfile says; without it a stand-in is made, and this machine's toolchain and
#                   registry cache are mounted, so that nothing comes from an image registry
#   SIMCLOUD_SERVE  the `serve` binary to run against; otherwise cargo brings target/debug/examples/serve up to date
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly here
root="$(cd "$here/../.." && pwd)"
readonly root
readonly conformance="$root/conformance"
readonly target_dir="${CARGO_TARGET_DIR:-$root/target}"
readonly name="image"
# Its Python, and how it waits for a server.
# shellcheck source=conformance/lib.sh
source "$conformance/lib.sh"

readonly tools=(buildah podman runc mmdebstrap)
readonly storage="$target_dir/image"
readonly stand_in=localhost/drayage-build:bookworm
readonly serve="${SIMCLOUD_SERVE:-$target_dir/debug/examples/serve}"
image="${IMAGE:-}"

missing() {
  local tool
  for tool in "${tools[@]}"; do
    command -v "$tool" >/dev/null || printf '%s ' "$tool"
  done
}

prepare_tools() {
  ((EUID == 0)) || skip "it needs root: buildah and podman have no user namespaces to rely on"
  if [[ -n "$(missing)" && "${CI:-}" == true ]] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
      "${tools[@]}" >/dev/null || true
  fi
  [[ -z "$(missing)" ]] || skip "missing: $(missing)"
}

# The builder of the Dockerfile and the toolchain of the workspace are one version.
check_versions() {
  local channel
  channel=$(sed -n 's/^channel = "\(.*\)"$/\1/p' "$root/rust-toolchain.toml")
  grep -q "^ARG BUILD_IMAGE=docker.io/library/rust:$channel-.*@sha256:[0-9a-f]\{64\}\$" "$root/Dockerfile" ||
    die "the Dockerfile does not build with rust $channel, pinned by digest"
}

# Of its own, and nothing of it mounted when nothing runs. An image that is given is the machine's.
prepare_storage() {
  mkdir -p "$storage"
  cat >"$storage/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$storage/graph"
runroot = "$storage/run"
[storage.options.overlay]
skip_mount_home = "true"
END
  export CONTAINERS_STORAGE_CONF="$storage/storage.conf"
}

build() {
  image=localhost/drayage:check
  local arguments=(--isolation chroot --network host --layers --format docker --tag "$image"
    --build-arg "PROFILE=${PROFILE:-dist}") start=$SECONDS
  if [[ -n "${BUILD_IMAGE:-}" ]]; then
    arguments+=(--build-arg "BUILD_IMAGE=$BUILD_IMAGE")
  else
    local toolchain cargo_home="${CARGO_HOME:-$HOME/.cargo}"
    toolchain="$(rustc --print sysroot)"
    "$here/stand_in.sh" "$stand_in"
    (cd "$root" && cargo fetch --quiet --locked)
    arguments+=(--pull-never --build-arg "BUILD_IMAGE=$stand_in" --volume "$toolchain:/opt/rust:ro"
      --volume "$cargo_home/registry:/root/.cargo/registry")
  fi
  buildah bud "${arguments[@]}" "$root"
  echo "$name: built in $((SECONDS - start)) s"
}

stop_all() {
  stop_server "${simcloud_pid:-}"
  rm -rf "$logs"
}

check_versions
prepare_tools
prepare_venv
if [[ -z "$image" ]]; then
  prepare_storage
  build
fi
if [[ -z "${SIMCLOUD_SERVE:-}" ]]; then
  cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --package simcloud --example serve
fi
logs="$(mktemp -d)"
trap stop_all EXIT
port="$(free_port)"
"$serve" --port "$port" >"$logs/simcloud.log" 2>&1 &
simcloud_pid=$!
await_server simcloud "$simcloud_pid" "$port" "$logs/simcloud.log"
PYTHONPATH="$conformance:$conformance/ministack:$here" "$venv/bin/python" -B "$here/check.py" --image "$image" --port "$port"
