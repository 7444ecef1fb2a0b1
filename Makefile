# Every command sets up its own environment in .venv; only python3 and make are needed.
# Options for the program behind a command go into ARGS: make demo ARGS="--port-base 9000".

PYTHON := .venv/bin/python
ARGS ?=
# Tests run in this many processes. Loads of real processes and a browser share the machine with them.
WORKERS ?= 2
# Tests start our programs hundreds of times: compiled once, also where the environment forbids it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check bench screens fuzz crash simulate mutants powercut

help: ## this list
	@printf 'Usage: make COMMAND [ARGS="…"]\n\n'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12
	@printf '\nThe first run installs what is needed; later runs need no network.\n'

demo: ## a whole station and its city on this machine; Ctrl-C stops it
	@.ci/bootstrap demo
	@exec $(PYTHON) -m edge_node demo $(ARGS)

test: ## every test: rules, real processes, real browser, virtual printers
	@.ci/bootstrap test
	@$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: ## format, lint, types, import rules, sizes and other contracts
	@.ci/bootstrap check
	@.ci/check

bench: ## our speed beside floors, peers and simpler designs, in one run
	@.ci/bootstrap bench $(filter --peers,$(ARGS))
	@$(PYTHON) -m tests.bench $(ARGS)

screens: ## a picture of every screen, and how quickly an old kiosk answers
	@.ci/bootstrap screens
	@$(PYTHON) -m tests.browser.screens $(ARGS)

fuzz: ## a million spoilt messages against every reader of foreign bytes
	@.ci/bootstrap test
	@$(PYTHON) -m tests.fuzz $(ARGS)

crash: ## every disk that a power cut may leave of a station's day, 42,000 images
	@.ci/bootstrap test
	@$(PYTHON) -m tests.faults crash $(ARGS)

simulate: ## ten thousand schedules of faults, stations and a city in memory
	@.ci/bootstrap test
	@$(PYTHON) -m tests.simulators $(ARGS)

mutants: ## take every rule of the protocol away once and see who notices
	@.ci/bootstrap test
	@$(PYTHON) -m tests.mutants $(ARGS)

powercut: ## a hundred real power cuts of a real ext4; needs root and a loop device
	@.ci/bootstrap test
	@$(PYTHON) -m tests.faults.powercut $(ARGS)
