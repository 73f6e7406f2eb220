# Every target makes what it needs first (scripts/bootstrap); nothing has to be installed by hand
# beyond git, make and a Python 3.11-3.13 with venv.
.DEFAULT_GOAL := help
.PHONY: help ready demo demo-stop test check nightly docs lock clean

help: ## Say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

ready: ## The environment alone
	@scripts/bootstrap

demo: ready ## The whole service at work on a simulated shop
	@.venv/bin/churn demo

demo-stop: ready ## End the service that the demo left running
	@.venv/bin/churn demo --stop

test: ready ## Every check and every test, with coverage
	@scripts/check --all

check: ready ## Every check, without the slow tests
	@scripts/check

nightly: ready ## What takes too long for every day: many more examples, soak, error rates, Spark
	@.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements/spark.lock
	@HYPOTHESIS_PROFILE=nightly .venv/bin/pytest -m "" --durations 20

docs: ready ## Print the pages that follow from the code: errors, features, settings
	@.venv/bin/python scripts/docs.py

lock: ready ## Write requirements/*.lock anew within the bounds of pyproject.toml
	@scripts/lock

clean: ## Remove the environment and every cache; artifacts/ stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
