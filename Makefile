# Every command that a contributor needs. Works with GNU make 3.81 (macOS) and later.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help serve test check fix bench reader clean

# The first Python that is new enough; else any, which then says itself that it is too old.
find_python = for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$python; exit; fi; \
	done; command -v python3
PYTHON = $(shell $(find_python))

# `exec` puts each program in the shell's place, so that a signal sent to make reaches it.
define environment
python=$(PYTHON); \
command -v "$${python:-python3}" >/dev/null || { \
	echo "Python 3.11 or newer is needed, and $${python:-python3} is not here. Install it, or name it: make PYTHON=..." >&2; \
	exit 1; }; \
exec "$$python" tools/environment.py
endef

help: ## this list
	@sed -n 's/^\([a-z]*\): ## \(.*\)/  make \1	\2/p' Makefile

serve: ## run Repère on this machine
	@$(environment)
	@exec .venv/bin/repere serve

test: ## run the tests; a part of them: make test ARGS=tests/corpus
	@$(environment) --extra test --browser
	@exec .venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: ## format, lint, types, Dockerfile, the widget's size, and that the docs are up to date
	@$(environment) --extra test --extra dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/python tools/typescript.py
	.venv/bin/python tools/widget_size.py
	.venv/bin/hadolint Dockerfile
	.venv/bin/python tools/docs.py --check

fix: ## format, repair what the linter can, write the generated docs
	@$(environment) --extra test --extra dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	.venv/bin/python tools/docs.py

bench: ## measure what docs promise
	@$(environment)
	@exec .venv/bin/python -m bench

reader: ## train the reader again: make reader SHARED=folder (see tools/reader/__main__.py)
	@$(environment) --extra test
	@exec .venv/bin/python -m tools.reader all --shared "$(SHARED)" $(or $(WORK),var/reader) $(ARGS)

clean: ## remove the environment, builds and caches; var/ stays
	rm -rf .venv dist build .coverage .coverage.* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf tools/web/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
