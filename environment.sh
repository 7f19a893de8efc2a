#!/bin/sh
# Makes the Python environment in .venv, or leaves it alone if it is whole and up to date. With a name it makes another:
#
#   environment.sh peers   .venv-peers: what "make bench" and "make test-peers" compare us with
#   environment.sh core    .venv-core: the package as a user installs it, without an extra, for "make test-install"
#
#   PYTHON        the Python to use; otherwise the first fit one on PATH, else micromamba, mamba, conda or uv brings one
#   TORCH_INDEX   the package index to take PyTorch from, for example one with CUDA builds; otherwise a wheel in pip's
#                 own find-links, else PyTorch's CPU index
#
# The list is environment.yml, the versions are constraints.txt; those of the others are lists in pyproject.toml, and the
# peers have versions of their own, constraints-peers.txt. The stamp is written last: without it an environment is remade.

set -eu
cd "$(dirname "$0")"

cpu_index=https://download.pytorch.org/whl/cpu

say() { printf 'environment: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

# ---- which environment: its place, list, versions, what else is installed, what it was made from, what it must import

# The names in one list of pyproject.toml: "dependencies", or an extra.
listed() { sed -n "/^$1 = \[/,/^\]/ s/^ *\"\([^\"]*\)\".*$/\1/p" pyproject.toml; }
core() { listed dependencies; }

case ${1:-} in
    "")
        venv=.venv list=environment.yml pins=constraints.txt more="--editable ."
        # The names under "pip:", without pip's options.
        packages() { sed -n '/^ *- pip:/,$ s/^ \{6\}- \([^-].*\)$/\1/p' environment.yml; }
        made_from() { cat environment.yml constraints.txt pyproject.toml environment.sh; }
        imports='import torch, scipy.optimize, scipy.stats, sklearn, pandas, matplotlib.pyplot
import papermill, jupytext, ipykernel.kernelapp, nbclient, jupyterlab, sphinx.application, myst_nb, pytest, xdist
import toysae'
        ;;
    peers)
        venv=.venv-peers list=pyproject.toml pins=constraints-peers.txt more=
        PYTHON=.venv/bin/python    # the same one as ours
        packages() { core; listed peers; }
        made_from() { packages; cat constraints.txt constraints-peers.txt environment.sh; }
        imports='import torch, sae_lens.synthetic'
        ;;
    core)
        venv=.venv-core list=pyproject.toml pins=constraints.txt more=.
        PYTHON=.venv/bin/python
        packages() { core; }
        # The package too, for it is copied.
        made_from() {
            cat pyproject.toml constraints.txt environment.sh
            find toysae -type f ! -name '*.pyc' | sort | xargs cat
        }
        rm -rf build/lib    # setuptools would pack what it finds there of an older one
        imports='import toysae; toysae.train'
        ;;
    *) fail "environment.sh knows no environment $1; it knows peers and core, and without a name the project's own" ;;
esac
python=$venv/bin/python
stamp=$venv/toysae-stamp
log=build/environment${1:+-$1}.log

# ---- what environment.yml asks for

# As in "python >=3.11,<3.15".
python_wanted=$(sed -n 's/^ *- python \(>=3\.[0-9]*,<3\.[0-9]*\)$/\1/p' environment.yml)
lowest=${python_wanted#>=3.}
lowest=${lowest%%,*}
beyond=${python_wanted##*<3.}
python_words="Python 3.$lowest to 3.$((beyond - 1))"

torch_version() { sed -n 's/^torch==\([0-9.]*\).*/\1/p' constraints.txt; }

# ---- whole, half made, or being made

# A virtual environment cannot be moved, so its place is part of what it was made from.
sources() { pwd -P; made_from; }
is_whole() { [ -f "$stamp" ] && sources | cmp -s - "$stamp" && "$python" -c '' 2>/dev/null; }

# The lock is held on an open file: it ends with its last holder, so a killed run never leaves it behind, while an
# installer that outlives its killed shell still keeps others out.
lock() {
    if command -v flock >/dev/null; then flock "$@" 9
    elif command -v perl >/dev/null; then perl -e 'open my $f, ">&=", 9; exit !flock $f, @ARGV ? 6 : 2' -- "$@"
    fi
}
lock_or_wait() {
    exec 9>"$venv.lock"
    lock -n || { say "another run is making $venv; waiting for it"; lock; }
}

# ---- a Python

# Prints nothing if the Python fits, else why it does not.
unfit() {
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || { echo "does not run"; return; }
    case $version in 3.*) minor=${version#3.} ;; *) minor=0 ;; esac
    if [ "$minor" -lt "$lowest" ] || [ "$minor" -ge "$beyond" ]; then echo "is $version"
    elif ! "$1" -c 'import venv, ensurepip' 2>/dev/null; then echo "is $version without venv (on Debian: python3-venv)"
    fi
}

# Sets how and base: which of the three ways below makes the environment, and with which program.
choose() {
    if [ -n "${PYTHON:-}" ]; then choose_named; else choose_found; fi
}

choose_named() {
    why=$(unfit "$PYTHON")
    [ -z "$why" ] || fail "PYTHON=$PYTHON $why; $python_words is needed"
    how=with_python base=$PYTHON
}

choose_found() {
    seen=
    for base in python3 python3.14 python3.13 python3.12 python3.11 python; do
        command -v $base >/dev/null || continue
        why=$(unfit $base)
        if [ -z "$why" ]; then how=with_python; return; fi
        seen="$seen, $base $why"
    done
    for base in "${MAMBA_EXE:-micromamba}" mamba "${CONDA_EXE:-conda}"; do
        if runs "$base"; then how=with_conda; return; fi
    done
    if runs uv; then how=with_uv base=uv; return; fi
    fail "no $python_words on PATH${seen:+ (${seen#, })}, and no micromamba, mamba, conda or uv to bring one;" \
         "install one of them, or name a Python: make PYTHON=/path/to/python3"
}

with_python() { "$1" -m venv "$venv"; }
with_uv() { "$1" venv --seed --python "$python_wanted" "$venv"; }
with_conda() {
    "$1" create --yes --prefix "./$venv" --override-channels --channel conda-forge "python$python_wanted" pip
}

make_venv() {
    say "making $venv with $base ($("$base" --version))"
    $how "$base" >>"$log" 2>&1 || { check_disk; fail "$venv could not be made with $base; $log ends: $(tail -n 1 "$log")"; }
}

# A name on PATH is not enough: version managers leave names there that only say "not installed".
runs() { "$1" --version >/dev/null 2>&1; }

# ---- its packages

pip() { "$python" -m pip --disable-pip-version-check "$@" >>"$log" 2>&1; }

# Ends in a line of its own where the disk is full: what could not be written looks like what could not be had.
check_disk() {
    free=$(df -Pk . 2>/dev/null | sed -n '2 s/^.* \([0-9][0-9]*\)  *[0-9][0-9]*%.*$/\1/p')
    if grep -q 'No space left on device' "$log" || [ "${free:-$least_room}" -lt "$least_room" ]; then
        fail "the disk is full, or TMPDIR is (${free:+$((free / 1024)) MB are free here}); the environment takes 2 GB; see $log"
    fi
}
least_room=102400    # kB

# Alone, for PyPI's build for Linux brings gigabytes of CUDA: "+cpu" can only be the other one. Its own dependencies
# come with the other packages.
install_torch() {
    build="torch==$(torch_version)"
    if [ -n "${TORCH_INDEX:-}" ]; then
        say "installing $build from $TORCH_INDEX"
        torch_from "$TORCH_INDEX" || { check_disk; fail "TORCH_INDEX=$TORCH_INDEX gave no $build for this Python; see $log"; }
        return
    fi
    [ "$(uname -s)" != Linux ] || build="$build+cpu"
    say "installing $build"
    torch_from_find_links && return
    check_disk
    torch_from "$cpu_index" && return
    check_disk
    fail "$build for this Python is neither in pip's find-links nor at $cpu_index;" \
         "set TORCH_INDEX to an index that has it; see $log"
}
torch_from_find_links() { pip install --no-compile --no-deps --no-index "$build"; }
torch_from() { pip install --no-compile --no-deps --retries 1 --timeout 30 --index-url "$1" "$build"; }

# uv is several times faster; pip also knows the mirrors and certificates that a machine's pip settings name.
install_packages() {
    say "installing the packages of $list"
    packages >"$venv/packages.txt"
    # shellcheck disable=SC2086
    set -- install --requirement "$venv/packages.txt" --constraint "$pins" $more
    if find_uv && "$uv" pip "$@" --python "$python" >>"$log" 2>&1; then return; fi
    check_disk
    say "uv could not do it; trying pip"
    pip "$@" --no-compile || { check_disk; fail "the packages could not be installed; $log ends: $(tail -n 1 "$log")"; }
}
find_uv() {
    uv=uv
    runs uv || { uv=$venv/bin/uv; pip install uv; }
}

# Imports what the project uses, which also leaves it compiled.
check() {
    say "checking it"
    "$python" -c "$imports" >>"$log" 2>&1 || fail "the new environment does not work; $log ends: $(tail -n 1 "$log")"
}

make_environment() {
    choose
    mkdir -p build
    : >"$log"
    [ ! -e "$venv" ] || say "$venv is half made or out of date; removing it"
    rm -f "$stamp"                # first, so that a removal cut short leaves nothing that looks whole
    rm -rf "$venv"
    make_venv
    sources >"$stamp.new"
    install_torch
    install_packages
    check
    mv "$stamp.new" "$stamp"
    say "ready"
}

# ----

is_whole && exit 0
unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PIP_USER PIP_TARGET PIP_PREFIX VIRTUAL_ENV || :
export PYTHONNOUSERSITE=1
lock_or_wait
is_whole || make_environment
