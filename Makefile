# Short names for what "python -m toysae.writeup" does. The environment is made on the first call, in .venv.

PY := .venv/bin/python -m
export NB PARAMS ARGS SWEEP ONLY WORKERS SCHEDULER STRICT

# The user's own kernels and modules stay out; one thread per process, for the processes use the cores.
export JUPYTER_PREFER_ENV_PATH := 1
export PYTHONNOUSERSITE := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export SOURCE_DATE_EPOCH := 0
# What is freed stays with the process: fresh pages from the system cost up to half as much again as the arithmetic.
export MALLOC_MMAP_THRESHOLD_ := 4294967296
export MALLOC_TRIM_THRESHOLD_ := 8589934592
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP JUPYTER_PATH

.DEFAULT_GOAL := help
.PHONY: help reproduce run lab book sweep bench test test-peers test-install mutants check clean distclean environment constraints

help: ## this list
	@echo 'make TARGET, where TARGET is one of'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F '|' '{ printf "%-14s %s\n", $$1, $$2 }'
	@echo 'Example: make run NB=01_minimal_example PARAMS="sigma=0.5 seed=3"'
	@echo 'With STRICT=1 reproduce fails also if a claim does not come out as published.'
	@echo 'A sweep uses all cores, or WORKERS=n of them, or a Dask cluster: SCHEDULER=tcp://host:8786.'
	@echo 'ONLY=name=value computes a part of it, for example SWEEP=seeds ONLY=notebook=01_minimal_example.'
	@echo 'Variables when the environment is made: PYTHON (which Python), TORCH_INDEX (which build of PyTorch).'

reproduce: environment ## run every notebook with its published parameters, then write build/claims.json and the book
	@$(PY) toysae.writeup reproduce

# Settings that were misspelt, or given beside PARAMS, would else be passed over without a word.
SETTINGS := NB PARAMS ARGS SWEEP ONLY WORKERS SCHEDULER STRICT PYTHON TORCH_INDEX
UNKNOWN = $(foreach name,$(filter-out $(SETTINGS),$(.VARIABLES)),$(if $(filter command,$(origin $(name))),$(name)=))
run sweep: export TOLD = $(firstword $(UNKNOWN))
known = test -z "$$TOLD" || { echo "$$TOLD is not known: known are $(SETTINGS:%=%=); a notebook's own go into PARAMS" >&2; exit 2; }

run: ## run one notebook with other parameters: NB=name PARAMS="name=value ...", into build/run/
	@$(known)
	@test -n "$$NB" || { echo 'make run needs a notebook: make run NB=01_minimal_example PARAMS="sigma=0.5 seed=3"' >&2; exit 2; }
	@sh ./environment.sh
	@set -f; $(PY) toysae.writeup run "$$NB" $$PARAMS

# A container's user is root, whom JupyterLab refuses unless it is told not to.
lab: environment ## open copies of the notebooks, build/lab/, in JupyterLab (ARGS="--no-browser" and the like)
	@$(PY) toysae.writeup lab
	@set -f; test "$$(id -u)" != 0 || set -- --ServerApp.allow_root=True; \
	    $(PY) jupyterlab --notebook-dir=build/lab "$$@" $$ARGS

book: environment ## build the book alone, into build/book/
	@$(PY) toysae.writeup book

sweep: ## compute a large sweep, or go on with it: SWEEP=name (without it: the list), into build/sweeps/
	@$(known)
	@sh ./environment.sh
	@set -f; $(PY) toysae.sweeps $${SWEEP:+"$$SWEEP"} $${ONLY:+--only "$$ONLY"} \
	    $${WORKERS:+--workers "$$WORKERS"} $${SCHEDULER:+--scheduler "$$SCHEDULER"}

bench: environment ## compare our speed with SAELens and a plain loop (ten minutes; installs SAELens first), into build/bench/
	@sh ./environment.sh peers
	@$(PY) toysae.bench
	@$(PY) toysae.writeup book

test: environment ## run the tests (ARGS="-k name" picks some)
	@set -f; $(PY) pytest $$ARGS

test-peers: environment ## check our SAEs against SAELens, which it installs first (ARGS as for test)
	@sh ./environment.sh peers
	@set -f; .venv-peers/bin/python -m pytest -c tests/peers/pytest.ini tests/peers $$ARGS

test-install: environment ## install the core alone, as "pip install ." does, and run the example of the front door
	@sh ./environment.sh core
	@.venv-core/bin/python -I tests/core_alone.py

mutants: environment ## put bugs into a copy of the project, one at a time: which ones does no test notice? (ARGS="word ...": some)
	@set -f; PYTHONPATH=tests $(PY) mutants $$ARGS

check: environment ## format, lint and types, with no error
	@$(PY) ruff format --quiet --check .
	@$(PY) ruff check --quiet .
	@$(PY) mypy

clean: ## remove what is generated: build/, with your copies for JupyterLab, and caches; notebooks/ and .venv stay
	@rm -rf build .pytest_cache .ruff_cache .mypy_cache *.egg-info
	@find . -name '.venv*' -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

distclean: clean ## remove the environments as well: .venv, .venv-peers, .venv-core
	@rm -rf .venv .venv-peers .venv-core .venv.lock .venv-peers.lock .venv-core.lock

environment:
	@sh ./environment.sh

# nvidia-*, cuda-* and triton belong to the builds of PyTorch with CUDA, which bring their own versions.
constraints: environment
	@mkdir -p build
	@$(PY) pip install --quiet uv
	@sed -n '/^ *- pip:/,$$ s/^ \{6\}- \([^-].*\)$$/\1/p' environment.yml >build/packages.txt
	@$(PY) uv pip compile --universal --python-version 3.11 --fork-strategy fewest --no-annotate --no-header \
	    --quiet --upgrade build/packages.txt -o build/constraints.txt >/dev/null
	@{ echo '# Every version, pinned. Written by "make constraints".'; \
	   grep -v -E '^(nvidia-|cuda-|triton)' build/constraints.txt; } >constraints.txt
	@for list in dependencies peers; do \
	    sed -n "/^$$list = \[/,/^\]/ s/^ *\"\([^\"]*\)\".*$$/\1/p" pyproject.toml; done >build/peers.txt
	@grep '^torch==' constraints.txt >build/torch.txt
	@$(PY) uv pip compile --universal --python-version 3.11 --fork-strategy fewest --no-annotate --no-header \
	    --quiet --upgrade build/peers.txt --constraint build/torch.txt -o build/constraints-peers.txt >/dev/null
	@{ echo '# Every version of the peers, pinned. Written by "make constraints".'; \
	   grep -v -E '^(nvidia-|cuda-|triton)' build/constraints-peers.txt; } >constraints-peers.txt
