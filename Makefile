# Two commands do everything on a fresh machine: `make dev` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help dev serve test check format docs screenshots bench lock clean
ARGS ?=

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

dev: ## Run everything on this machine, no AWS account needed (ARGS="--port 9000")
	@scripts/setup local
	@exec .venv/bin/sluice dev $(ARGS)

serve: ## Serve against real AWS, with settings from the environment (ARGS="--workers 2")
	@scripts/setup local
	@exec .venv/bin/sluice serve $(ARGS)

test: ## Lint, check the types, and run all tests (ARGS="-k name")
	@scripts/setup clients aws browser & others=$$!; \
	  { scripts/setup dev && scripts/check; } || { kill $$others; exit 1; }; \
	  wait $$others
	@.venv/bin/pytest $(ARGS)

check: ## Lint, formatting and types alone
	@scripts/setup dev
	@scripts/check

format: ## Format the code
	@scripts/setup dev
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format --quiet .

docs: ## Write the pages of docs/ that follow from the code
	@scripts/setup dev
	@.venv/bin/python -m scripts.generate_docs

screenshots: ## Take the pictures of docs/images anew
	@scripts/setup dev
	@scripts/setup browser
	@SCREENSHOTS=1 .venv/bin/pytest -q tests/browser/test_screenshots.py

bench: ## Measure against the floor, as ratios (ARGS="chat")
	@scripts/setup dev
	@.venv/bin/python -m bench $(or $(ARGS),all)

lock: ## Pin the dependencies anew (needs uv and npm)
	@scripts/lock

clean: ## Remove the environments and the caches; local data in .sluice stays
	rm -rf .venv .venv-clients .venv-aws .aws-sam build tests/clients/node/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis
