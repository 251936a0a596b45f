#!/bin/sh
# Make .venv with Python 3.13 from the locked requirements, or say in one sentence what is missing.
# Usage: scripts/setup.sh [MAKE_VERSION]; `make setup` calls it. Exit status 1: something is missing.
set -eu

case "${1:-}" in
-h | --help)
    sed -n '2,3s/^# //p' "$0"
    exit 0
    ;;
esac

fail() {
    echo "setup: $1" >&2
    exit 1
}

# A candidate has to run and to be 3.13: a pyenv shim is on PATH even if no such version is installed.
is_python_313() {
    "$1" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1
}

find_python() {
    for candidate in python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python "$(uv python find 3.13 2>/dev/null)"; do
        if is_python_313 "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

at_least() { # at_least FOUND WANTED, both as MAJOR.MINOR[.PATCH]
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n | head -n 1)" = "$2" ]
}

make_version=${1:-}
if [ -n "$make_version" ] && ! at_least "$make_version" 3.81; then
    fail "GNU make $make_version is too old; install GNU make 3.81 or newer and run make setup again"
fi

terraform=${TF:-terraform}
command -v "$terraform" >/dev/null 2>&1 ||
    fail "$terraform is not on PATH; install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install) and run make setup again"
# CHECKPOINT_DISABLE: the version must not wait for a network that may not answer.
terraform_version=$(CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null "$terraform" version 2>/dev/null | sed -n -e '1s/^Terraform v//p' -e '1s/^OpenTofu v//p')
at_least "$terraform_version" 1.11 ||
    fail "$terraform $terraform_version is too old; install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install) and run make setup again"

python=$(find_python) ||
    fail "no Python 3.13 found as python3.13, under pyenv or by uv; install one (pyenv install 3.13, or uv python install 3.13) and run make setup again"

echo "setup: making .venv with $("$python" -V)"
"$python" -m venv .venv
log=.venv/setup.log
pip() { .venv/bin/python -u -m pip --disable-pip-version-check install --progress-bar off "$@"; }
# A pipe's status is its last command's, hence the file.
rm -f .venv/.failed
{
    pip --require-hashes -r requirements-dev.txt &&
        # The project's own distributions, editable; flit_core is in the lock, so nothing is fetched for the builds.
        pip --no-deps --no-build-isolation \
            -e functions/shared -e functions/websocket_handler -e functions/main -e packaging -e deploy -e local -e client ||
        touch .venv/.failed
} 2>&1 | tee "$log" | awk -v total="$(grep -c '^[a-z].*==' requirements-dev.txt)" '
    /^Collecting/ && ++collected % 20 == 0 { print "setup: " collected " of " total " locked packages are here"; fflush() }
    /^Installing collected packages/ { print "setup: installing"; fflush() }'
if [ -e .venv/.failed ]; then
    sed -n '/^ERROR/,$p' "$log" >&2
    fail "pip could not install the locked requirements; all that it said is in $log"
fi
touch .venv/.ready
echo "setup: done"
