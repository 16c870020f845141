# Every target does its own set-up; `make run` and `make test` work on a fresh clone.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3.14 python3 python,\
	$(shell $(name) -c 'import sys, venv, ensurepip; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
PORT ?= 8000
TEST_ARGS ?=
# Of docs/staff.md.
GUIDE_PAGES = start contacts step-audience step-content campaign report message
# A worker waits for the database about half of its time.
TEST_WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)
UV_COMPILE = uv pip compile --universal --python-version 3.11 --no-header \
	--no-emit-index-url --no-emit-find-links --quiet $(LOCK_ARGS)

# DEBUG is off unless it is switched on; what the environment or .env says of it counts more.
ifndef DEBUG
ifeq ($(shell grep -s '^ *DEBUG *=' .env),)
run lint: export DEBUG = True
endif
endif

.PHONY: help venv venv-dev run test faults fuzz browser pictures oracle bench lint audit format lock clean

help:
	@echo "make run      everything on this machine: web, cluster, mail sink and a demo (PORT=$(PORT))"
	@echo "make test     the test suite (TEST_ARGS=… passes through to pytest)"
	@echo "make faults   the tests that kill processes and restart the database"
	@echo "make fuzz     attack each door with mutilated input (FUZZ_SECONDS=5 for each)"
	@echo "make browser  the tests that drive the admin in Chromium"
	@echo "make pictures make the pictures of README and docs/staff.md anew"
	@echo "make oracle   compare templates with Shopify's own Liquid (Debian: apt install ruby ruby-liquid; ORACLE_EXAMPLES=20000)"
	@echo "make bench    the benchmarks (BENCH_ARGS=--quick to see that they run, --help for more)"
	@echo "make lint     ruff, mypy, import contracts, migrations and system checks"
	@echo "make audit    known vulnerabilities of the packages in requirements.txt"
	@echo "make lock     compile the requirement files anew (LOCK_ARGS=--upgrade for newer versions)"
	@echo "make clean    stop the embedded database, delete its data and the virtual environment"

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later (with venv) is needed: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed | $(BIN)/python
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

.venv/installed-bench: requirements-bench.txt .venv/installed
	$(BIN)/python -m pip install --quiet --requirement requirements-bench.txt
	@touch $@

.venv/installed-audit: requirements-audit.txt .venv/installed
	$(BIN)/python -m pip install --quiet --requirement requirements-audit.txt
	@touch $@

venv: .venv/installed

venv-dev: .venv/installed-dev

run: venv
	@PORT=$(PORT) exec $(BIN)/python manage.py run_local

test: venv-dev
	$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) $(TEST_ARGS)

faults: venv-dev
	$(BIN)/python -m pytest tests/faults $(TEST_ARGS)

fuzz: venv-dev
	$(BIN)/python -m pytest tests/fuzz --timeout 0 --numprocesses $(TEST_WORKERS) $(TEST_ARGS)

browser: venv-dev
	$(BIN)/python -m pytest tests/browser --numprocesses 2 $(TEST_ARGS)

pictures: venv-dev
	$(BIN)/python -m pytest tests/browser/test_every_page.py --numprocesses 2
	@for language in en zh-hans; do mkdir -p docs/images/staff/$$language; for page in $(GUIDE_PAGES); do \
		cp var/screenshots/$$language/desktop/$$page.png docs/images/staff/$$language/; done; done
	cp var/screenshots/en/desktop/campaign.png docs/images/campaign.png

oracle: venv-dev
	$(BIN)/python -m pytest tests/oracle $(TEST_ARGS)

bench: .venv/installed-bench
	$(BIN)/python -m bench $(BENCH_ARGS)

lint: venv-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --database default

audit: .venv/installed-audit
	$(BIN)/python .ci/audit.py $(BIN)/pip-audit

format: venv-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/" >&2; exit 1; }
	$(UV_COMPILE) pyproject.toml --output-file requirements.txt
	$(UV_COMPILE) pyproject.toml --group dev --constraints requirements.txt --output-file requirements-dev.txt
	$(UV_COMPILE) pyproject.toml --group bench --constraints requirements.txt --output-file requirements-bench.txt
	$(UV_COMPILE) pyproject.toml --group audit --constraints requirements.txt --output-file requirements-audit.txt

clean:
	-@test ! -x $(BIN)/python || $(BIN)/python -m embedded_postgres.server remove
	rm -rf .venv var staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
