#!/bin/sh
# Remove what is built here, and the virtual environment. Saved plans stay, unless PLANS=1 is given. Receipts stay.
# Usage: [PLANS=1] scripts/clean.sh; the Makefile calls it. It refuses while the laptop stack runs.
# Exit status 1: a stack runs here, or PLANS isn't 1. Nothing is removed then.
set -eu

case "${1:-}" in
-h | --help)
    sed -n '2,4s/^# //p' "$0"
    exit 0
    ;;
esac
case "${PLANS:-}" in
'' | 1) ;;
*)
    echo "clean: PLANS is '$PLANS'; give PLANS=1, or none" >&2
    exit 1
    ;;
esac

# A running stack holds this lock; where there is no flock, no stack can run either.
if [ -e .local/lock ] && command -v flock >/dev/null && ! flock --nonblock .local/lock true; then
    echo "clean: the laptop stack runs here; end it first, with Ctrl-C where make local runs" >&2
    exit 1
fi

rm -rf .venv .local dist node_modules client/*/node_modules client/*/build
if [ -d build ]; then
    [ "${PLANS:-}" = 1 ] && rm -f build/*.plan
    find build -mindepth 1 -maxdepth 1 ! -name '*.plan' ! -name '*.receipts' -exec rm -rf {} +
    for plan in build/*.plan; do
        if [ -e "$plan" ]; then
            echo "clean: $plan is kept; make clean PLANS=1 removes it, too"
        fi
    done
    for receipts in build/*.receipts; do
        if [ -e "$receipts" ]; then
            echo "clean: $receipts is kept; without it, make redrive can't know what it has sent"
        fi
    done
    rmdir build 2>/dev/null || true
fi
