#!/usr/bin/env bash
# A picture of a replay's report page, made by a headless Chromium: loadtest/picture.sh REPORT.html OUT.png
set -euo pipefail
[ $# -eq 2 ] || { echo "expected: $0 REPORT.html OUT.png" >&2; exit 64; }
chromium=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$chromium" ]; then
  echo "SKIPPED: no chromium is installed (apt-get install chromium)"
  exit 0
fi
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
"$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$profile" --window-size="${WINDOW:-1220,1360}" \
  --screenshot="$2" "file://$(realpath "$1")" >/dev/null 2>&1
[ -s "$2" ] || { echo "chromium made no picture of $1" >&2; exit 1; }
echo "$2"
