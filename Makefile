# Everything panier's developers do. Each target does its own set-up on a machine that has
# Python ≥ 3.11, git and make; stamps (.venv/*.stamp) make a second run cheap.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help up demo setup setup-dev test localstripe check bench format lock messages map clean

# Start-up is four times faster from compiled bytecode.
unexport PYTHONDONTWRITEBYTECODE
export UV_NO_PROGRESS = 1

# Processes that share the tests, each with engines of its own.
WORKERS ?= 2

BIN := .venv/bin
ENVIRONMENT := .venv/environment.stamp
NODE_MODULES := .venv/node_modules.stamp
FRONT_END := src/panier/web/static/manifest.json
CATALOGUES := .venv/catalogues.stamp
CHROMIUM := .venv/chromium.stamp

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: setup ## Run everything on this machine; Ctrl-C ends it
	@exec $(BIN)/panier up

demo: setup ## The same with simulated viewers
	@exec $(BIN)/panier up --demo

setup: $(ENVIRONMENT) $(FRONT_END) $(CATALOGUES) ## Only the set-up: Python, front end, translations

setup-dev: setup $(CHROMIUM)

test: setup-dev ## All tests, on real engines and a real browser
	tools/node npm test -- --passWithNoTests
	$(BIN)/pytest --numprocesses $(WORKERS)

localstripe: setup ## The Stripe adapter against localstripe, fetched and run apart (GPL-3.0)
	LOCALSTRIPE="$(CURDIR)/.venv/uv/bin/uvx localstripe==1.15.10" \
		$(BIN)/pytest -q tests/payments/stripe/test_localstripe.py

check: setup ## Format, lint, types, imports, house rules, wheel, lock
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/tidy
	tools/node npm run --silent lint
	tools/node npm run --silent types
	$(BIN)/python -m tools.map check
	$(BIN)/python tools/check_wheel.py
	$(BIN)/python tools/check_lock.py

bench: setup ## Side-by-side measurements, one after the other
	$(BIN)/python -m bench

format: setup ## Put code in its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .
	tools/node npm run --silent format

lock: $(ENVIRONMENT) ## Write requirements.lock anew from pyproject.toml
	tools/lock requirements.lock

messages: $(ENVIRONMENT) ## Gather marked texts into the catalogues, for translation
	$(BIN)/python tools/messages.py update

map: $(ENVIRONMENT) ## Write docs/map.md anew from the code
	$(BIN)/python -m tools.map

clean: ## Remove what was built and fetched (never data)
	rm -rf .venv dist frontend/node_modules src/panier/web/static

$(ENVIRONMENT): requirements.lock pyproject.toml tools/python tools/uv.txt
	@tools/python
	@touch $@

$(NODE_MODULES): frontend/package.json frontend/package-lock.json tools/node tools/node.txt | $(ENVIRONMENT)
	@# Not `npm ci`: it refuses a lock that leaves out other platforms' optional packages, and a
	@# mirror that does not hold those makes such a lock. What the lock names is still checked.
	@tools/retry tools/node npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(FRONT_END): $(NODE_MODULES) $(shell find frontend/src -type f) frontend/vite.config.ts frontend/tsconfig.json
	@tools/node npm run --silent build -- --logLevel warn
	@touch $@

$(CATALOGUES): $(wildcard src/panier/locale/*/LC_MESSAGES/*.po) | $(ENVIRONMENT)
	@$(BIN)/python tools/messages.py compile
	@touch $@

$(CHROMIUM): tools/chromium
	@tools/chromium
	@touch $@
