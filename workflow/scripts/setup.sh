#!/bin/sh
# The locked environment in .venv, byte-compiled, with the package installed editable. With
# `cluster`, and from then on, also what submits jobs to Slurm.
# Needs Python >= 3.11 with its venv module, and the network once. Called by the Makefile.
set -eu
cd "$(dirname "$0")/../.."
unset VIRTUAL_ENV
export UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON_DOWNLOADS=never
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}" # institutes often have a certificate of their own

# A Python for which every locked package has a wheel, else any that is new enough.
find_python() {
    for below in 14 99; do
        for name in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.14 python; do
            if "$name" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $below))" 2>/dev/null; then
                "$name" -c 'import os, sys; print(os.path.realpath(sys.executable))'
                return
            fi
        done
    done
    {
        echo "reuptake needs Python 3.11 or newer, and found: $(python3 --version 2>&1 || true)"
        echo "Install one (Debian, Ubuntu: apt-get install python3.11 python3.11-venv;" \
            "macOS: brew install python@3.12), or say where it is: make setup PYTHON=/path/to/python3"
    } >&2
    return 1
}

# uv at exactly the version and hashes in the lock, in a small environment of its own.
install_uv() {
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python has no venv module. Install it" \
            "(Debian, Ubuntu: apt-get install python3-venv), then try again." >&2
        return 1
    fi
    "$python" -m venv --clear .uv
    "$python" - >.uv/requirements.txt <<'EOF'
import tomllib

with open("uv.lock", "rb") as lock:
    uv = next(package for package in tomllib.load(lock)["package"] if package["name"] == "uv")
print(f"uv=={uv['version']}", *(f"--hash={wheel['hash']}" for wheel in uv["wheels"]))
EOF
    .uv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
        --only-binary :all: --require-hashes -r .uv/requirements.txt || {
        echo "Set-up needs the network once (the package index https://pypi.org)." >&2
        return 1
    }
}

# Whether this uv is of a version that the project asks for, and can read the lock.
suits() {
    "$1" export --frozen --offline >/dev/null 2>&1
}

python=$(find_python)
uv=uv
if ! suits "$uv"; then
    uv=.uv/bin/uv
    suits "$uv" || install_uv
fi

group=
if [ "${1:-}" = cluster ] || [ -f .venv/.cluster ]; then
    group="--group=cluster"
fi

# Scripts of an environment carry its path: one that was moved or copied would run the old place.
if [ -f .venv/.ready ] && [ "$(cat .venv/.ready)" != "$(pwd -P)" ]; then
    rm -rf .venv
fi
"$uv" sync --quiet --frozen --compile-bytecode --python "$python" $group
[ -z "$group" ] || touch .venv/.cluster
