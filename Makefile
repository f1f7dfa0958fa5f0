# Every target says in one line what it is for; `make` alone lists them.
CARGO ?= cargo
# For test-clients: Python 3.10 or newer, with venv; 3.13 leaves out dcicutils.
PYTHON ?= python3
CLIENTS := target/clients

.DEFAULT_GOAL := help
.PHONY: help demo test model test-clients test-browser test-crashes test-kill test-month soak mutants lint check bench simulate build image

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Shows the whole job on the embedded AWS, or with SCENARIO=spot-drought a story of specs/scenarios/
	@$(CARGO) build --locked
	@$(CARGO) run --locked --quiet -- demo $(if $(SCENARIO),--scenario specs/scenarios/$(SCENARIO).json)

test: ## Runs every test: unit, integration, documentation, tidy
	$(CARGO) test --locked --no-fail-fast

model: ## Explores the larger worlds of the launch's model, and prints how many states they have
	EVENKEEL_MODEL=large $(CARGO) test --locked --profile thorough --test model -- --nocapture --test-threads 1

test-crashes: ## Every crash, order, fault and stale state of a rollout, of which `make test` takes a part (an hour)
	$(CARGO) test --locked --profile thorough --test once -- --nocapture

test-kill: ## Kills real processes two hundred times in rollouts over TCP, and judges the journal
	$(CARGO) test --locked --profile thorough --test kill -- --nocapture

# A month of a simulated AWS, in a process of its own, so that its memory can be looked at.
DAYS ?= 30
test-month: ## Lets one controller run for a simulated month of faults, and looks at its memory: DAYS=30
	EVENKEEL_DAYS=$(DAYS) $(CARGO) test --locked --profile thorough --test lab -- --nocapture month

test-clients: $(CLIENTS)/installed ## Holds the embedded AWS to AWS's models, boto3, the AWS CLI and dcicutils (needs PyPI)
	$(CARGO) build --locked --quiet
	$(CLIENTS)/bin/python -B -m pytest -c tests/clients/pytest.ini tests/clients

# A virtual environment of the pinned clients, made anew when a pin changes.
$(CLIENTS)/installed: tests/clients/requirements.txt
	$(PYTHON) -m venv --clear $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Bytecode would be left beside the sources.
test-browser: ## Drives the dashboard in a real Chromium over a whole rollout (needs chromium and chromedriver)
	$(CARGO) build --locked --quiet
	$(PYTHON) -B -m unittest discover --start-directory tests/browser --verbose

# How many histories, and from which seed on.
SEEDS ?= 2000
FROM ?= 1
soak: ## Goes through seeded histories of whole accounts, optimised and on every core: SEEDS=2000 FROM=1
	SOAK_SEEDS=$(SEEDS) SOAK_FROM=$(FROM) $(CARGO) test --locked --profile thorough --test soak -- --nocapture no_seed_brings_harm

# Only `plan` and what it imports, as a crate of their own: a change of it is built in a second instead of a minute.
MUTANTS := target/mutants
MUTANTS_NEED := jiff|sha2|wildmatch
ONLY ?= src/plan/**
mutants: ## Changes the decisions in every small way, one by one, and lists what no test notices: ONLY=src/plan/gate.rs
	@$(CARGO) mutants --version >/dev/null 2>&1 || { echo 'needs: cargo install cargo-mutants --locked'; exit 1; }
	rm -rf $(MUTANTS)
	mkdir -p $(MUTANTS)/src
	cp -r src/model src/plan $(MUTANTS)/src
	cp Cargo.lock $(MUTANTS)
	{ printf '[package]\nname = "mutants"\nedition = "2024"\n[workspace]\n[profile.dev]\ndebug = false\n[dependencies]\n'; \
	  grep -E '^($(MUTANTS_NEED)) = ' Cargo.toml; } >$(MUTANTS)/Cargo.toml
	printf 'pub mod model;\npub mod plan;\n' >$(MUTANTS)/src/lib.rs
	nice $(CARGO) mutants --dir $(MUTANTS) --output $(MUTANTS) --config .cargo/mutants.toml --jobs 2 --file '$(ONLY)' -- --lib

lint: ## Checks the format, and lints with warnings as errors
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

check: lint test ## Everything that has to hold: lint, test, and the schema in specs/
	$(CARGO) run --locked --quiet -- schema | diff specs/service-table.schema.json -

bench: ## Measures what a rollout, a look and a decision cost
	$(CARGO) bench --locked --bench '*'

simulate: ## Runs the embedded AWS on 127.0.0.1:4566
	$(CARGO) run --locked --quiet -- simulate

build: ## Builds the program for use, as target/release/evenkeel
	$(CARGO) build --locked --release

image: ## Builds a container image (needs docker)
	docker build --tag evenkeel .
