# One command each. `make test` is the whole proof on a clean checkout; the rest are its parts.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# How long the daemon is watched for growth.
FOR ?= 1h
TRIALS ?= 200
# Most of the acceptance tests wait for a daemon, not for a processor.
JOBS ?= 4

.PHONY: setup demo test check format bench torture clean
.DEFAULT_GOAL := help
help:
	@echo "make setup    virtual environment and the locked packages"
	@echo "make demo     a sandbox portal with a life of its own, and robots at work in it"
	@echo "make test     everything: environment, format, lint, types, imports, tests"
	@echo "make check    the same without installing anything"
	@echo "make bench    benchmarks against the floor"
	@echo "make torture  crashes and faults, TRIALS=$(TRIALS), then a soak, FOR=$(FOR)"

$(STAMP): requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $(STAMP)

setup: $(STAMP)

demo: $(STAMP)
	$(BIN)/voronka demo $(ARGS)

test: $(STAMP)
	@scripts/chromium.sh
	@$(MAKE) --no-print-directory check

check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage run -m pytest -q tests/robots
	$(BIN)/coverage report --fail-under=95 --skip-covered
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal --ignore tests/robots

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m bench $(ARGS)

torture: $(STAMP)
	$(BIN)/python -m bench torture --trials $(TRIALS) $(ARGS)
	$(BIN)/python -m bench soak --for $(FOR)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
