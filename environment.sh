#!/bin/sh
# Makes the Python environment in .venv, or leaves it alone if it is whole and up to date.
#
#   PYTHON        the Python to use; otherwise the first fit one on PATH, else micromamba, mamba, conda or uv brings one
#   TORCH_INDEX   the package index to take PyTorch from, for example one with CUDA builds; otherwise a wheel in pip's
#                 own find-links, else PyTorch's CPU index
#
# The list is environment.yml, the versions are constraints.txt. The stamp is written last: without it .venv is remade.

set -eu
cd "$(dirname "$0")"

lowest=11 beyond=15                       # Python 3.lowest up to, not including, 3.beyond: test_environment.py holds
                                          # them against environment.yml
venv=.venv
python=$venv/bin/python
stamp=$venv/toysae-stamp
log=build/environment.log
cpu_index=https://download.pytorch.org/whl/cpu

say() { printf 'environment: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

# A virtual environment cannot be moved, so its place is part of what it was made from.
sources() { pwd -P; cat environment.yml constraints.txt pyproject.toml environment.sh; }
is_whole() { [ -f "$stamp" ] && sources | cmp -s - "$stamp" && "$python" -c '' 2>/dev/null; }

# The lock is held on an open file: it ends with its last holder, so a killed run never leaves it behind, while an
# installer that outlives its killed shell still keeps others out.
lock() {
    exec 9>.venv.lock
    if command -v flock >/dev/null; then flock "$@" 9
    elif command -v perl >/dev/null; then perl -e 'open my $f, ">&=", 9; exit !flock $f, @ARGV ? 6 : 2' -- "$@"
    fi
}
lock_or_wait() { lock -n || { say "another run is making $venv; waiting for it"; lock; }; }

# ---- a Python

# Prints nothing if the Python fits, else why it does not.
unfit() {
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || { echo "does not run"; return; }
    case $version in 3.*) minor=${version#3.} ;; *) minor=0 ;; esac
    if [ "$minor" -lt $lowest ] || [ "$minor" -ge $beyond ]; then echo "is $version"
    elif ! "$1" -c 'import venv, ensurepip' 2>/dev/null; then echo "is $version without venv (Debian: python3-venv)"
    fi
}

with_named_python() {
    why=$(unfit "$PYTHON")
    [ -z "$why" ] || fail "PYTHON=$PYTHON $why; Python 3.$lowest to 3.$((beyond - 1)) is needed"
    with_venv "$PYTHON"
}

with_venv() {
    say "making $venv with $("$1" --version) ($1)"
    "$1" -m venv "$venv" >>"$log" 2>&1
}

with_conda() {
    say "making $venv with $1"
    "$1" create --yes --prefix "./$venv" --override-channels --channel conda-forge \
        "python>=3.$lowest,<3.$beyond" pip >>"$log" 2>&1
}

with_uv() {
    say "making $venv with uv"
    uv venv --seed --python ">=3.$lowest,<3.$beyond" "$venv" >>"$log" 2>&1
}

make_venv() {
    seen=
    [ -z "${PYTHON:-}" ] || { with_named_python; return; }
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        command -v $candidate >/dev/null || continue
        why=$(unfit $candidate)
        [ -n "$why" ] || { with_venv $candidate; return; }
        seen="$seen, $candidate $why"
    done
    for candidate in micromamba mamba conda; do
        ! command -v $candidate >/dev/null || { with_conda $candidate; return; }
    done
    ! command -v uv >/dev/null || { with_uv; return; }
    fail "no Python 3.$lowest to 3.$((beyond - 1)) on PATH${seen:+ (${seen#, })}, and no micromamba, conda or uv to bring one;" \
         "install one of them, or name a Python: make PYTHON=/path/to/python3"
}

# ---- its packages

torch_version() { sed -n 's/^torch==\([0-9.]*\).*/\1/p' constraints.txt; }

# The names under "pip:", without pip's options.
packages() { sed -n '/^ *- pip:/,$ s/^ \{6\}- \([^-].*\)$/\1/p' environment.yml; }

pip() { "$python" -m pip --disable-pip-version-check "$@" >>"$log" 2>&1; }

# Alone and without its dependencies, for PyPI's build for Linux brings gigabytes of CUDA. "+cpu" names the other build.
install_torch() {
    build="torch==$(torch_version)"
    if [ -n "${TORCH_INDEX:-}" ]; then
        say "installing $build from $TORCH_INDEX"
        torch_from_index "$build" "$TORCH_INDEX" || fail "$TORCH_INDEX has no $build for this Python; see $log"
        return
    fi
    [ "$(uname -s)" != Linux ] || build="$build+cpu"
    say "installing $build"
    pip install --no-deps --no-index "$build" || torch_from_index "$build" $cpu_index ||
        fail "$build is neither in pip's find-links nor at $cpu_index; set TORCH_INDEX to an index that has it; see $log"
}
torch_from_index() { pip install --no-deps --retries 1 --timeout 30 --index-url "$2" "$1"; }

find_uv() {
    if command -v uv >/dev/null; then echo uv
    elif pip install uv; then echo "$venv/bin/uv"
    fi
}

# uv is five times as fast; pip also knows the mirrors and certificates that a machine's pip settings name.
install_packages() {
    packages >$venv/packages.txt
    say "installing $(grep -c '^[a-z].*==' constraints.txt) packages"
    set -- install --requirement $venv/packages.txt --constraint constraints.txt --editable .
    uv=$(find_uv)
    if [ -n "$uv" ] && "$uv" pip "$@" --python "$python" --compile-bytecode >>"$log" 2>&1; then return; fi
    say "uv could not do it; pip tries"
    pip "$@" || fail "the packages could not be installed; the end of $log: $(tail -n 3 "$log")"
}

check() {
    "$python" -c 'import torch, matplotlib, jupytext, papermill, myst_nb' >>"$log" 2>&1 ||
        fail "the new environment does not work; see $log"
}

# ----

is_whole && exit 0
unset PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX VIRTUAL_ENV || :
export PYTHONNOUSERSITE=1
lock_or_wait
! is_whole || exit 0
mkdir -p build
: >"$log"
rm -rf "$venv"
made=$(mktemp)
sources >"$made"
make_venv || fail "$venv could not be made; see $log"
install_torch
install_packages
check
mv "$made" "$stamp"
say "ready"
