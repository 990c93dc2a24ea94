# Everything a person or a machine does with this project. `make help` lists it.
#
# Variables, given on the command line (make test PYTHON=python3.12):
#   PYTHON   the interpreter the environment is made from, 3.11 or newer
#   PYTHONS  the interpreters that `make wheels` builds a wheel of the engine for: "python3.11 python3.12"
#   VENV     where the environment lives
#   PEOPLE   how many people `make demo` makes up: 2.6 claims each
#   TESTS    what `make test` and `make checked` run: paths, or options of pytest
#   PART     which part of the deliberate faults `make mutants` judges: 2/6 is the second sixth
#   KILLS    how often `make kills` kills a run
#   HOSTILE  how many hostile inputs of which kind `make hostile` tries, and SEED the first one's seed (of `make faults`, too)
#   REQUESTS how many hostile requests `make hostile-requests` sends
#   CASES    how many random claims `make differential` compares, and `make explain-agrees` explains
#            and how many runs `make faults` disturbs
#   SIMULATIONS  up to which seed `make simulations` changes random rule sets
#   CLAIMS   how many claims `make test-spark` settles
#   LARGE    how many claims `make bench-huge` settles
#   PROVINCE how many people `make province` makes up, and YEAR_KILLS how often it and `make kills` kill the close of a year
#   MEMORY   within how much memory, all processes together

PYTHON ?= python3
PYTHONS ?= $(PYTHON)
VENV ?= .venv
PEOPLE ?= 400000
TESTS ?=
CASES ?= 1000000
SIMULATIONS ?= 40
CLAIMS ?= 60000
KILLS ?= 200
HOSTILE ?= csv=20000 ipc=5000 parquet=5000 parameters=1000 folders=500 trees=500 conservation=150
SEED ?= $(shell date +%s)
LARGE ?= 100000000
MEMORY ?= 2GB
PROVINCE ?= 7500000
YEAR_KILLS ?= 10

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

BIN := $(VENV)/bin
REQUIRED := $(patsubst %,requirements/%.txt,engine build test)
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
CORE := setup.py MANIFEST.in $(shell find ext -name '*.pyx' -o -name '*.pxd' -o -name '*.h')
CHECKED := build/checked

## help: what can be made
.PHONY: help
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## setup: an environment with the engine (editable, core compiled), both plugins, and what the tests need
.PHONY: setup
setup: $(VENV)/.ready

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

# What is installed has the digests of requirements/*.txt; what is built here is built by what stands there, and fetches nothing.
$(VENV)/.ready: pyproject.toml $(REQUIRED) $(CORE) $(PLUGINS:%=%/pyproject.toml) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes $(REQUIRED:%=-r %)
	$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation -e . $(PLUGINS:%=-e %)
	touch $@

$(VENV)/.ready-%: requirements/%.txt $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --no-build-isolation --require-hashes -r $<
	touch $@

## demo: a made-up year of the four pools, closed, on one screen
.PHONY: demo
demo: setup
	$(BIN)/qingsuan demo --people $(PEOPLE)

## test: all tests, the documentation's and the plugins' included, a process for each core
# The commands that tests start find their modules compiled, whatever the environment says: there are thousands of starts.
.PHONY: test
test: setup
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal -p no:benchmark $(TESTS)

## test-spark: a cluster on this machine against the local run (needs Java 17); CLAIMS says of how many claims
.PHONY: test-spark
test-spark: $(VENV)/.ready-spark
	QINGSUAN_SPARK_CLAIMS=$(CLAIMS) $(BIN)/python -m pytest tests/spark

## lint: format, style, types, floors
.PHONY: lint
lint: $(VENV)/.ready-lint
	failed=0; for tool in 'ruff format --check .' 'ruff check .' mypy lint-imports; do \
		echo "$$tool"; $(BIN)/$$tool || failed=1; done; exit $$failed

## bench: how long core, ordering, the full cascade and a whole run of 5 million claims take, beside DuckDB and Polars
.PHONY: bench
bench: $(VENV)/.ready-bench
	$(BIN)/python -m pytest benchmarks

## bench-small: the same on 1 million claims
.PHONY: bench-small
bench-small: $(VENV)/.ready-bench
	QINGSUAN_BENCH_CLAIMS=1000000 $(BIN)/python -m pytest benchmarks

## bench-large: core, ordering and a whole run of 20 million claims (about 12 GB of memory, 4 GB of disk)
.PHONY: bench-large
bench-large: $(VENV)/.ready-bench
	QINGSUAN_BENCH_CLAIMS=20000000 $(BIN)/python -m pytest benchmarks -k "not test_peer and not cascade"

## bench-cascade: a run of 5 million claims through the full cascade beside the same in DuckDB's SQL and in Polars
.PHONY: bench-cascade
bench-cascade: $(VENV)/.ready-bench
	$(BIN)/python -m pytest benchmarks/test_cascade.py

## bench-huge: a run of LARGE claims within MEMORY, beside one of 5 million; on request (20 GB of disk, half an hour)
.PHONY: bench-huge
bench-huge: $(VENV)/.ready-bench
	QINGSUAN_BENCH_LARGE=$(LARGE) QINGSUAN_BENCH_MEMORY=$(MEMORY) $(BIN)/python -m pytest benchmarks/test_whole_run.py -k bounds

## province: make a province of PROVINCE people up (2.67 claims each), close its year within MEMORY, kill it YEAR_KILLS times, verify it
.PHONY: province
province: setup
	$(BIN)/python benchmarks/province.py --people $(PROVINCE) --memory $(MEMORY) --kills $(YEAR_KILLS)

## set-up: what 5,000 files of 1,000 claims and 100,000 columns that nobody reads cost, beside one file
.PHONY: set-up
set-up: setup
	$(BIN)/python benchmarks/set_up.py

## memory-shapes: the most memory that a settlement of inputs of every shape takes at 512 MB, 1 GB and 2 GB, or the number that would do
.PHONY: memory-shapes
memory-shapes: setup
	$(BIN)/python benchmarks/memory_shapes.py

## bench-nightly: 1, 5 and 20 million claims, one after the other
.PHONY: bench-nightly
bench-nightly: bench-small bench bench-large

## count: instructions per claim against the stored baseline (needs valgrind and the baseline's compiler, or says skipped)
.PHONY: count
count: $(VENV)/.ready-bench
	$(BIN)/python benchmarks/count.py

## simulations: random rule sets changed at random, a simulation against the difference of two settlements
.PHONY: simulations
simulations: setup
	SIMULATIONS=$(SIMULATIONS) $(BIN)/python -m pytest -n auto --dist worksteal -p no:benchmark tests/simulation/test_worlds.py

## differential: core against the slow twin on CASES random claims
.PHONY: differential
differential: setup
	QINGSUAN_CASES=$(CASES) $(BIN)/python -m pytest -n auto --dist worksteal -p no:benchmark tests/benefits/reference/test_twin_differential.py tests/benefits/accumulators/test_opening_twin.py

## differential-premiums: premiums by columns against the slow twin on 210,000 random rows under 200 random rules
.PHONY: differential-premiums
differential-premiums: setup
	QINGSUAN_PREMIUM_ROWS=$(or $(PREMIUM_ROWS),210000) $(BIN)/python -m pytest -n auto -p no:benchmark tests/premiums/test_twin_agrees.py

## differential-clearing: contracts against their slow twin on CASES random claims, under a hundred random folders of contracts
.PHONY: differential-clearing
differential-clearing: setup
	QINGSUAN_CLEARING_ROWS=$(CASES) $(BIN)/python -m pytest -p no:benchmark tests/clearing/test_clearing_twin.py

## differential-intake: columns made by intake files against their slow twin on CASES random cells, something else said of every sixty
.PHONY: differential-intake
differential-intake: setup
	CASES=$(CASES) $(BIN)/python -m pytest -n auto -p no:benchmark tests/run/inputs/test_intake_twin.py

## differential-accounts: personal accounts against their slow twin on CASES random rows, under a rule of its own for each few hundred
.PHONY: differential-accounts
differential-accounts: setup
	QINGSUAN_ACCOUNT_ROWS=$(CASES) $(BIN)/python -m pytest -p no:benchmark tests/accounts/test_account_twin.py

## differential-agreements: contracts of a bureau against their slow twins on CASES random rows, under 120 random contracts each
.PHONY: differential-agreements
differential-agreements: setup
	QINGSUAN_OPERATOR_ROWS=$(CASES) QINGSUAN_OUTSIDE_ROWS=$(CASES) QINGSUAN_PROCUREMENT_ROWS=$(CASES) \
		$(BIN)/python -m pytest -p no:benchmark tests/operators/test_operator_twin.py \
		tests/elsewhere/test_outside_twin.py tests/purchases/test_procurement_twin.py


## differential-funds: a fund's books and gaps against their slow twin on CASES random entries, over a hundred random years
.PHONY: differential-funds
differential-funds: setup
	QINGSUAN_FUND_ROWS=$(CASES) $(BIN)/python -m pytest -p no:benchmark tests/funds/test_fund_twin.py tests/funds/test_gaps.py tests/funds/test_burden.py

## explain-agrees: CASES claims of random rule sets, and as many of the four pools, explained one by one and held against the bulk result
.PHONY: explain-agrees
explain-agrees: setup
	QINGSUAN_CASES=$(CASES) $(BIN)/python -m pytest -n auto --dist worksteal -p no:benchmark tests/explain/test_explain_agrees.py

## mutants: break the core on purpose, one fault at a time, and see the suite catch each; PART=2/6 is the second sixth of the faults
.PHONY: mutants
mutants: setup
	$(BIN)/python tests/support/mutants.py --part $(or $(PART),1/1)

## kills: kill runs of benefits and subsidies KILLS times at random moments, fill their disk a tenth as often, kill a year YEAR_KILLS times, and see them go on to the same bytes
.PHONY: kills
kills: setup
	QINGSUAN_KILLS=$(KILLS) $(BIN)/python -m pytest -n auto --dist worksteal -p no:benchmark tests/run/restart/test_resume.py tests/run/restart/test_resume_subsidy.py -k "killed or full_disk"
	QINGSUAN_YEAR_KILLS=$(YEAR_KILLS) QINGSUAN_YEAR_PEOPLE=60000 $(BIN)/python -m pytest tests/closing/test_year_end_killed.py

## faults: CASES runs of every command that writes, on a machine that misbehaves, from SEED on: each right, or stopped with what failed and gone on with
.PHONY: faults
faults: setup
	QINGSUAN_FAULTS=$(CASES) QINGSUAN_FAULTS_SEED=$(SEED) $(BIN)/python -m pytest -n auto --dist worksteal -p no:benchmark tests/run/test_misbehaving_machine.py

## hostile: HOSTILE hostile inputs from SEED on: each is settled row by row or refused; what fails is kept below build/hostile
.PHONY: hostile
hostile: setup
	QINGSUAN_HOSTILE_SEED=$(SEED) QINGSUAN_HOSTILE='$(HOSTILE)' $(BIN)/python -m pytest -s tests/hostile -k test_hostile

## hostile-plugins: a hostile plugin in every form that somebody thought of, beside an honest one
.PHONY: hostile-plugins
hostile-plugins: setup
	QINGSUAN_HOSTILE_PLUGINS=1 $(BIN)/python -m pytest -p no:benchmark tests/plugins/test_hostile_plugins.py

## hostile-requests: 2,000 hostile requests to `qingsuan serve` from SEED: no file beside the runs is read, nothing breaks
.PHONY: hostile-requests
hostile-requests: setup
	CASES=$(or $(REQUESTS),2000) SEED=$(SEED) $(BIN)/python -m pytest -s -p no:benchmark tests/served/test_served_hostile.py

## commands: docs/commands.md, written anew from what the commands say of themselves
.PHONY: commands
commands: setup
	PYTHONPATH=tests/support $(BIN)/python tests/support/commands_page.py

## gallery: every page in both languages, as screens show it and as it is printed, into build/gallery (needs Chromium and ChromeDriver)
.PHONY: gallery
gallery: setup
	PYTHONPATH=tests/support $(BIN)/python tests/support/gallery.py build/gallery

## map: the rooms of the engine and which imports which, floor by floor
.PHONY: map
map: setup
	$(BIN)/python tests/support/house_map.py

## checked: the suite on a core built with every bound and overflow checked, in a folder of its own
.PHONY: checked
checked: $(CHECKED)/.ready
	PYTHONPATH=$(CHECKED)/site $(BIN)/python -m pytest $(or $(TESTS),tests plugins)

$(CHECKED)/.ready: $(VENV)/.ready $(shell find engine -name '*.py')
	rm -rf $(CHECKED)
	mkdir -p $(CHECKED)/source
	tar -c --exclude='*.so' --exclude=__pycache__ engine ext setup.py pyproject.toml MANIFEST.in README.md | tar -x -C $(CHECKED)/source
	QINGSUAN_CHECKED=1 $(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --target $(CHECKED)/site $(CHECKED)/source
	touch $@

## constraints: requirements/*.txt, written anew: what is a week old today, with the digest of every file
.PHONY: constraints
constraints: $(VENV)/.ready-release
	$(BIN)/python release/constraints.py

## wheels: source archives and wheels of the engine and both plugins, from the last commit, into build/dist; PYTHONS says for which
.PHONY: wheels
wheels: $(VENV)/.ready-release
	$(BIN)/python release/wheels.py $(PYTHONS)

## reproducible: build what is released twice, from two checkouts: the same bytes; install it without a compiler and try it
.PHONY: reproducible
reproducible: $(VENV)/.ready-release
	$(BIN)/python release/reproducible.py $(PYTHON)

## bill-of-materials: what is installed with the engine, package by package, as CycloneDX, into build/dist
.PHONY: bill-of-materials
bill-of-materials: $(VENV)/.ready-release
	$(BIN)/python release/bill_of_materials.py

## clean: forget everything that was built
.PHONY: clean
clean:
	rm -rf $(VENV) build demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find engine plugins tests benchmarks \( -name '*.so' -o -name __pycache__ -o -name '*.egg-info' \) -prune -exec rm -rf {} +
