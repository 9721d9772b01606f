# Every command of the project; `make help` lists them. PYTHON names the interpreter that makes the environment.

PYTHON ?= python3
ENV := .venv
BUILD := .build
BIN := $(ENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SITE := $(BUILD)/site
SERVER := $(ENV)/langgraph-server
SERVER_PINS := tests/agent/adapters/langgraph-server.txt
# Tests run side by side; a process of them takes up to 2 GB.
SIDE := -n auto --maxprocesses 4 --dist worksteal
ROOMS := core encoders store ingest prompts retrieval conversation answering tools graphs training agent

.DEFAULT_GOAL := help
.PHONY: help demo test check format page bench clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)$$/make \1	\2/' | expand -t 16

demo: $(ENV)/.installed ## install polyhop into .venv and run its demonstration
	$(BIN)/polyhop demo

test: check browser $(SITE)/.installed $(SERVER)/.installed ## run every check, then the test suite against the built wheel
	POLYHOP_WHEEL=$(abspath $(SITE)) LANGGRAPH_SERVER=$(abspath $(SERVER)) PYTHONPATH=$(abspath $(SITE)) $(BIN)/python -P -m pytest $(SIDE) $(ARGS)

# The tests of the web page need Debian's chromium; where it cannot be had they skip, and say so.
.PHONY: browser
browser:
	@command -v chromium > /dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get > /dev/null || \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } > /dev/null || \
	    echo "chromium cannot be installed: the tests of the web page will be skipped" >&2

check: $(ENV)/.tested ## check formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(addprefix -p polyhop.,$(ROOMS))

format: $(ENV)/.tested ## format the code and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

page: ## build the web page anew (needs npm)
	cd agent/service/page && npm ci --no-fund --no-audit && npm run build

bench: $(ENV)/.installed ## run the benchmarks; ARGS goes to them
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove the environment and everything built
	rm -rf $(ENV) $(BUILD) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "polyhop needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(ENV)

$(ENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet -c constraints.txt -e .
	@touch $@

$(ENV)/.tested: $(ENV)/.installed
	$(PIP) install --quiet -c constraints.txt -e '.[test]'
	@touch $@

# Beside the environment, whose versions it would change; the file of its pins says why.
$(SERVER)/.installed: $(SERVER_PINS) | $(ENV)/.tested
	@rm -rf $(SERVER)
	$(PIP) install --quiet --no-deps --target $(SERVER) -r $(SERVER_PINS)
	@touch $@

# The wheel is small, so it is built anew each time: no stale file can hide in it.
.PHONY: $(SITE)/.installed
$(SITE)/.installed: $(ENV)/.tested
	@rm -rf build $(BUILD)
	$(BIN)/python -P -m build --wheel --no-isolation --outdir $(BUILD) . > /dev/null
	$(PIP) install --quiet --no-deps --target $(SITE) $(BUILD)/*.whl
	@rm -rf build
