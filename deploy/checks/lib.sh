# What the checks of this folder share: tools, working folder, environment. Sourced.
#
# DRAYAGE_TF_MIRROR may name a folder of provider plugins (it holds registry.terraform.io/hashicorp/aws); without it the usual places
# are searched, and without any Terraform's registry is asked, with one shared cache.

checks="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly checks
root="$(dirname "$(dirname "$checks")")"
readonly root
readonly target_dir="${CARGO_TARGET_DIR:-$root/target}"
readonly work="$target_dir/deploy-checks"
readonly drayage="${DRAYAGE:-$target_dir/debug/drayage}"

# A settings file that the machine names but does not have is a warning at every command.
if [[ -n "${TF_CLI_CONFIG_FILE:-}" && ! -e "$TF_CLI_CONFIG_FILE" ]]; then
  unset TF_CLI_CONFIG_FILE
fi
# Nothing here may ever reach AWS: no credentials but these, no profile, no update check.
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION

skipped=()

# skip CHECK REASON: where a tool cannot be had from a package registry, or outside CI.
skip() {
  echo "SKIPPED: $1 ($2)"
  skipped+=("$1")
}

# absent CHECK REASON: a tool that CI must have.
absent() {
  if [[ "${CI:-}" == true ]]; then
    echo "FAILED: $1 ($2)" >&2
    return 1
  fi
  skip "$1" "$2"
}

# venv NAME REQUIREMENTS: a virtual environment with pinned packages, made again only when the pins change. CI makes it; by hand it is
# made too, since the packages touch nothing else.
venv() {
  local folder="$target_dir/$1" pins="$checks/$2"
  command -v python3 >/dev/null || return 1
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || return 1
  if ! cmp -s "$pins" "$folder/requirements.txt"; then
    rm -rf "$folder"
    mkdir -p "$target_dir"
    python3 -m venv "$folder" || return 1
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$pins" || return 1
    cp "$pins" "$folder/requirements.txt"
  fi
}

# The folder of provider plugins, or nothing.
mirror() {
  if [[ -n "${DRAYAGE_TF_MIRROR:-}" ]]; then
    printf '%s\n' "$DRAYAGE_TF_MIRROR"
    return
  fi
  local found
  found="$(find /opt /usr/local /usr/share /usr/lib /var/lib "${HOME:-/nonexistent}/.terraform.d" -maxdepth 5 -type d \
    -path '*/registry.terraform.io/hashicorp/aws' -print -quit 2>/dev/null || true)"
  printf '%s' "${found%/registry.terraform.io/hashicorp/aws}"
}

# A copy of the Terraform code, so that nothing is written beside it; the examples in it have a provider that asks no AWS.
copy_terraform() { # FOLDER
  rm -rf "$1"
  mkdir -p "$1"
  cp -R "$root/deploy/terraform/." "$1"
  local example
  for example in minimal complete; do
    cp "$checks/offline/provider_override.tf" "$1/examples/$example/"
  done
  cp "$checks/offline/minimal_override.tf" "$1/examples/minimal/"
}

# With a mirror the plugin (700 MB) is linked to; from the registry it is downloaded once, into one cache.
terraform_init() { # FOLDER
  local plugins
  plugins="$(mirror)"
  if [[ -n "$plugins" ]]; then
    terraform -chdir="$1" init -no-color -plugin-dir="$plugins" >"$work/init.log" 2>&1
  else
    mkdir -p "$work/plugins"
    TF_PLUGIN_CACHE_DIR="$work/plugins" terraform -chdir="$1" init -no-color >"$work/init.log" 2>&1
  fi
}

# A free port on loopback.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# await_port PID PORT LOG
await_port() {
  local end=$((SECONDS + 60))
  until (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; do
    kill -0 "$1" 2>/dev/null || { cat "$3" >&2; return 1; }
    ((SECONDS < end)) || { cat "$3" >&2; return 1; }
    sleep 0.1
  done
}

# run_checks [CHECK…]: those checks, or `all`, each a function `check_NAME`. Sets `failed`.
run_checks() {
  local check start status
  for check in "${@:-${all[@]}}"; do
    declare -F "check_$check" >/dev/null || { echo "there is no check $check: expected one of ${all[*]}" >&2; exit 2; }
    printf '\n--- %s\n' "$check"
    start=$SECONDS
    # Off, since a check that fails must not keep the others from running: within a check every step says what its failure means.
    set +e
    "check_$check"
    status=$?
    set -e
    ((status == 0)) || { echo "FAILED: $check" >&2; failed=1; }
    printf -- '--- %s: %s s\n' "$check" "$((SECONDS - start))"
  done
  ((${#skipped[@]} == 0)) || printf 'skipped: %s\n' "${skipped[*]}"
}
