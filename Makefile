# Every target sets up what it needs: a machine with Python 3.11 to 3.13, make and git will do.
# The virtual environment is .venv in this folder; pip installs, or uv where there is one.

VENV := .venv
PY := $(VENV)/bin/python
WORKERS ?= 2
DEMO ?= agglo-demo
PYTEST := $(PY) -m pytest

# the newest suitable Python that can make virtual environments
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	>/dev/null 2>&1 && { command -v $$p; break; }; done)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bundle-check slow spark crash bench docs coverage sbom pins pins-oldest oldest clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## write the generated example project to agglo-demo/ and run it
	$(VENV)/bin/agglo demo --path $(DEMO)

test: $(VENV)/.dev ## run the tests (all but slow, spark and crash)
	$(PYTEST) -n $(WORKERS) --durations=15

check: $(VENV)/.dev ## lint, types, import rules, docstrings, repository rules
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PYTEST) -q tests/contracts/test_docstrings.py tests/contracts/test_repository.py

bundle-check: ## rebuild the page code (needs Node 20 or newer) and compare it with the committed one
	cd frontend && npm ci --no-audit --no-fund && npm run lint && npm test && npm run check \
		&& node scripts/build.js --out ../build/bundle
	diff -r build/bundle src/agglo/observatory/static
	@echo "the bundle is the build of frontend/"

slow: $(VENV)/.dev ## size, power and coverage of the tests and intervals
	$(PYTEST) -n $(WORKERS) -m slow --durations=15

spark: $(VENV)/.spark ## the same expressions on a local PySpark (needs a Java runtime)
	$(PYTEST) -m spark --durations=5

crash: $(VENV)/.dev ## kill -9 at random points, then resume
	$(PYTEST) -m crash --durations=5

bench: $(VENV)/.dev ## time and memory beside naive twins, then the table of docs/performance.md
	mkdir -p .benchmarks
	$(PYTEST) benchmarks --benchmark-only --benchmark-json=.benchmarks/latest.json -m ""
	$(PYTEST) benchmarks --benchmark-skip -m "" -s -q  # servers and pages: they print their figures
	$(PY) -m benchmarks.report .benchmarks/latest.json docs/performance.md

docs: $(VENV)/.dev ## build the documentation; a warning is an error
	$(PY) -m sphinx -E -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

coverage: $(VENV)/.dev ## run the tests with branch coverage
	$(PYTEST) -n $(WORKERS) --cov --cov-report=term --cov-report=html

sbom: $(VENV)/.dev ## list all software behind a release (CycloneDX) in build/
	$(PY) .ci/sbom.py build/agglo.cdx.json

# ---- environments -------------------------------------------------------------------------

# uv is quicker, pip is always there; both read the machine's own index and proxy settings
define install
	@if command -v uv >/dev/null 2>&1; then \
		echo "uv pip install $(1)"; uv pip install -q --python $(PY) $(1); \
	else \
		echo "pip install $(1)"; $(PY) -m pip install -q --disable-pip-version-check $(1); \
	fi
endef

$(VENV)/.made:
	@$(PY) -m pip --version >/dev/null 2>&1 || test -n "$(PYTHON)" || { echo "agglo needs Python 3.11, 3.12 or 3.13 with venv (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || { \
		echo "making $(VENV) with $(PYTHON)"; "$(PYTHON)" -m venv --clear $(VENV); }
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,-c constraints.txt -e '.[web$(comma)disclosure]')
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,-c constraints.txt -e '.[dev]')
	@touch $@ $(VENV)/.run

$(VENV)/.spark: $(VENV)/.dev
	$(call install,-c constraints.txt -e '.[dev$(comma)spark]')
	@touch $@

comma := ,

# ---- pins ---------------------------------------------------------------------------------

COMPILE = $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --all-extras \
	--no-emit-index-url --no-annotate --no-header pyproject.toml

pins: $(VENV)/.dev ## renew constraints.txt
	$(call install,uv)
	@sed -n '/^#/p' constraints.txt > constraints.new
	$(COMPILE) --upgrade >> constraints.new
	mv constraints.new constraints.txt

pins-oldest: $(VENV)/.dev ## renew constraints-oldest.txt
	$(call install,uv)
	@sed -n '/^#/p' constraints-oldest.txt > constraints.new
	$(COMPILE) --resolution lowest-direct --upgrade >> constraints.new
	mv constraints.new constraints-oldest.txt

oldest: .venv-oldest/.oldest ## run the tests with the lowest versions we promise
	.venv-oldest/bin/python -m pytest -n $(WORKERS)

.venv-oldest/.oldest: PY := .venv-oldest/bin/python
.venv-oldest/.oldest: pyproject.toml constraints-oldest.txt
	$(MAKE) VENV=.venv-oldest PYTHON=$(PYTHON) .venv-oldest/.made
	$(call install,-c constraints-oldest.txt -e '.[dev]')
	@touch $@

# ---- tidying ------------------------------------------------------------------------------

clean: ## remove what tests, checks and builds left behind
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.* \
		htmlcov build dist docs/_build docs/reference/generated .benchmarks/latest.json spark-warehouse metastore_db derby.log
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## also remove the virtual environments and the example project
	rm -rf $(VENV) .venv-oldest $(DEMO)
