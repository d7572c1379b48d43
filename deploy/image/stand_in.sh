#!/usr/bin/env bash
# Makes an image that stands in for the Dockerfile's build image where no image registry can be reached: Debian of the same release
# with a C compiler, by mmdebstrap. The Rust toolchain is not in it: check.sh mounts this machine's.
#
#   deploy/image/stand_in.sh TAG
#
# Needs root, buildah and mmdebstrap. An image that is there already is kept.
set -euo pipefail

readonly tag=$1 release=bookworm packages=gcc,libc6-dev,ca-certificates

if buildah inspect --type image "$tag" >/dev/null 2>&1; then
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mmdebstrap --mode=root --variant=minbase --include="$packages" "$release" "$folder/debian.tar" 2>"$folder/log" || {
  tail -n 20 "$folder/log" >&2
  exit 1
}
container=$(buildah from scratch)
buildah add --quiet "$container" "$folder/debian.tar" / >/dev/null
buildah config --env PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
buildah commit --quiet --rm "$container" "$tag" >/dev/null
