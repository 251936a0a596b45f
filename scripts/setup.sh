#!/bin/sh
# Make .venv with Python 3.13 from the locked requirements, or say everything that is missing.
# Usage: scripts/setup.sh [MAKE_VERSION [demo|dev]]; the Makefile calls it. demo: what runs need; dev (default): also
# what checks need. Exit status 1: something is missing.
set -eu

case "${1:-}" in
-h | --help)
    sed -n '2,4s/^# //p' "$0"
    exit 0
    ;;
esac
make_version=${1:-}
stage=${2:-dev}

# What is set for other installs must not lead these elsewhere than to .venv: pip would report success all the same.
unset PIP_PREFIX PIP_ROOT PIP_TARGET PYTHONHOME PYTHONPATH
export PIP_USER=0

missing=
lacks() {
    echo "setup: $1" >&2
    missing=yes
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

if [ -n "$make_version" ] && ! at_least "$make_version" 3.81; then
    lacks "GNU make $make_version is too old; install GNU make 3.81 or newer"
fi

terraform=${TF:-terraform}
wanted="install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install)"
if command -v "$terraform" >/dev/null 2>&1; then
    # CHECKPOINT_DISABLE: the version must not wait for a network that may not answer.
    found=$(CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null "$terraform" version 2>/dev/null | sed -n '1s/^Terraform v//p')
    if [ -z "$found" ]; then
        lacks "$terraform is not Terraform; $wanted"
    elif ! at_least "$found" 1.11; then
        lacks "$terraform $found is too old; $wanted"
    fi
else
    lacks "$terraform is not on PATH; $wanted"
fi

if ! python=$(find_python); then
    lacks "no Python 3.13 found as python3.13, under pyenv or by uv; install one (pyenv install 3.13, or uv python install 3.13)"
elif "$python" -m pip --version >/dev/null 2>&1; then
    has_pip=yes
elif "$python" -c 'import ensurepip' >/dev/null 2>&1; then
    has_pip=no
else
    lacks "$python has neither pip nor ensurepip; install one of them (on Debian and Ubuntu: apt install python3.13-venv)"
fi

if [ -n "$missing" ]; then
    echo "setup: run make again with that in place" >&2
    exit 1
fi

log=.venv/setup.log

# The Python's own pip installs, if it has one: a second one would take two seconds, and the lock brings another anyway.
if [ "$has_pip" = yes ]; then
    without_pip=--without-pip
    run_pip() { "$python" -m pip --python .venv/bin/python "$@"; }
else
    without_pip=
    run_pip() { .venv/bin/python -m pip "$@"; }
fi
pip() { PYTHONUNBUFFERED=1 run_pip --disable-pip-version-check install --progress-bar off --no-deps "$@"; }

install() { # install LOCK [PIP_ARGUMENT...]: LOCK, then what the arguments say; how far it is goes to the terminal
    lock=$1
    shift
    rm -f .venv/.failed
    # Not compiled: Python does that for what is imported, and compiling everything takes longer than unpacking it.
    # A lock is whole, so nothing has to be looked for that it needs.
    # A pipe's status is its last command's, hence the file.
    {
        { pip --no-compile --require-hashes -r "$lock" && { [ $# -eq 0 ] || pip "$@"; }; } || touch .venv/.failed
    } 2>&1 | tee "$log" | awk -v total="$(grep -c '^[a-z].*==' "$lock")" '
        /^(Collecting|Requirement already satisfied)/ && ++seen % 20 == 0 { print "setup: " seen " of " total " locked packages are here"; fflush() }
        /^Installing collected packages/ { print "setup: installing"; fflush() }'
    if [ -e .venv/.failed ]; then
        # Offline, pip's errors sound as if the package did not exist; what the network said stands in its warnings.
        grep '^WARNING: Retrying' "$log" | tail -n 1 >&2
        sed -n '/^ERROR/,$p' "$log" >&2
        echo "setup: pip could not install the locked requirements; all that it said is in $log" >&2
        exit 1
    fi
}

if [ "$stage" = demo ] || [ ! -e .venv/.demo ]; then
    echo "setup: making .venv with $("$python" -V)"
    # venv keeps the links of a .venv that is there: to another Python, or to one that is gone.
    is_python_313 .venv/bin/python && clear= || clear=--clear
    "$python" -m venv $clear $without_pip .venv
    # The project's own distributions, editable; flit_core is in the lock, so nothing is fetched for the builds.
    install requirements-demo.txt --no-build-isolation \
        -e functions/shared -e functions/authorizer -e functions/websocket_handler -e functions/main -e packaging -e deploy -e local -e client
    touch .venv/.demo
fi
if [ "$stage" = dev ]; then
    echo "setup: adding what checks need"
    install requirements-dev.txt
    touch .venv/.ready
fi
echo "setup: done"
