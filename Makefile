PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Twice quiet: errors and nothing below them.
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
FOLDERS := adapters doubles features loadtests reference scenarios

.PHONY: run test proof seeds samples pages matrix site lint types format bench tree clean

run: $(VENV)/.kit-installed
	$(BIN)/patternproof run --adapter patternproof.reference.adapters.in_memory --report build/report -n 2

test: $(VENV)/.tox-installed
	$(BIN)/tox run

proof seeds samples pages matrix site lint types format bench: $(VENV)/.tox-installed
	$(BIN)/tox run -q -e $@

# The checkout laid out as the wheel is, in links, for tools that do not follow a package's __path__.
tree:
	rm -rf build/tree
	mkdir -p build/tree/patternproof
	ln -s $(addprefix $(CURDIR)/,$(filter-out %/__pycache__,$(wildcard patternproof/*)) $(FOLDERS)) build/tree/patternproof

clean:
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .tox .venv build dist

$(VENV)/.kit-installed: pyproject.toml | $(BIN)/python
	$(PIP) install --editable '.[threads,servers,http,parallel]'
	touch $@

$(VENV)/.tox-installed: | $(BIN)/python
	$(PIP) install 'tox>=4.22'
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
