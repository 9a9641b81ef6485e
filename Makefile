# Every door to the project. Needs make, and Python 3.11 or 3.12; everything else is installed into .venv.

# The interpreter is found by running it: a name on the PATH may be a shim that leads nowhere.
# `make setup PYTHON=/path/to/python3.12` decides for you.
PYTHONS = $(if $(PYTHON),'$(PYTHON)',.venv/bin/python python3.12 python3.11 python3 python)
RUN = .venv/bin/python -m

APP ?= .
ARGS ?=
TOPIC ?= tidal power

# Prints what an up-to-date environment of that lock was made from; fails where the interpreter does not fit.
define RECIPE
import ensurepip, hashlib, pathlib, sys, venv
if sys.version_info[:2] not in ((3, 11), (3, 12)): sys.exit(1)
locked = hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest()
print(sys.base_prefix, sys.version.split()[0], locked)
endef
export RECIPE

.DEFAULT_GOAL := help
.PHONY: help setup azurite demo desk serve test chaos check lint types imports house bench bench-peers fix

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: ## Install the locked packages into .venv; at once when nothing changed
	@for python in $(PYTHONS); do \
		wanted=$$("$$python" -c "$$RECIPE" requirements-dev.txt 2>/dev/null) || continue; \
		[ "$$(cat .venv/made-from 2>/dev/null)" = "$$wanted" ] && exit 0; \
		[ "$$python" = .venv/bin/python ] && continue; \
		echo "Installing the locked packages into .venv with $$python ..."; \
		"$$python" -m venv --clear .venv && \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
			-r requirements-dev.txt && \
		echo "$$wanted" > .venv/made-from; \
		exit; \
	done; \
	echo "No usable Python among:" $(PYTHONS) >&2; \
	echo "Install Python 3.11 or 3.12 with its venv module (on Debian and Ubuntu: apt install python3-venv)," >&2; \
	echo "or name the interpreter: make setup PYTHON=/path/to/python3.12" >&2; \
	exit 1
	@# A path file, so that .venv/bin/python finds devhost from any folder; nothing is built or downloaded for it.
	@for site in .venv/lib/python3.*/site-packages; do \
		[ "$$(cat "$$site/checkout.pth" 2>/dev/null)" = "$(CURDIR)" ] || echo "$(CURDIR)" > "$$site/checkout.pth"; \
	done

# Azurite is Microsoft's emulator of Azure Storage; tests and measurements start it, the app never does.
azurite: setup ## Install the locked storage emulator into .azurite, for tests; at once when nothing changed
	@.venv/bin/python tests/azurite/installation.py

# A topic is text: it reaches the shell as a variable, whatever signs stand in it.
demo: override export TOPIC := $(value TOPIC)
demo: setup ## Write an article with the app, here and now; TOPIC="…" says on what
	@exec .venv/bin/python demo.py "$$TOPIC"

# State, log and counters of the story lie in a folder of their own that goes with it, however it ends.
desk: setup ## Play the story of a small shop on the local host; nothing is left of it
	@folder=$$(mktemp -d) || exit 1; \
	log="$$folder/log" host=; : > "$$log"; \
	trap 'kill $$host 2>/dev/null; wait $$host 2>/dev/null; rm -rf "$$folder"' EXIT; trap 'exit 130' INT TERM; \
	ORDER_DESK_SCRATCH="$$folder" $(RUN) devhost --app tests/apps/order_desk \
		--settings tests/apps/order_desk/local.settings.example.json \
		--port 0 --state "$$folder" $(ARGS) > "$$log" 2>&1 & host=$$!; \
	until url=$$(sed -n 's/^Listening on //p' "$$log"); [ -n "$$url" ] || ! kill -0 $$host 2>/dev/null; \
		do sleep 0.1; done; \
	[ -n "$$url" ] && echo "The order desk answers on $$url" && \
		.venv/bin/python tests/apps/order_desk/story.py "$$url" || \
		{ status=$$?; tail -n 40 "$$log" >&2; exit $$status; }

serve: setup ## Run the app here, or the one in APP, on the local host; ARGS="--port 7072" adds options
	@exec $(RUN) devhost --app "$(APP)" $(ARGS)

# A worker for each processor, and a file to one worker: what a file's tests share is made once. In the order of the
# folders, for those that take longest come first and the short ones fill up the end. A worker that ends before its
# time is not replaced: another would begin the very test that has ended it. ARGS="-n 0" does without workers.
test: azurite ## Run every test but the chaos ones; ARGS="-k name" narrows
	@$(RUN) pytest tests -q --ignore=tests/chaos -n logical --maxprocesses 4 --max-worker-restart 0 \
		--dist loadfile --no-loadscope-reorder $(ARGS)

# ARGS="-k kill" narrows; CHAOS_SEED repeats a run, CHAOS_KILLS and CHAOS_SOAK_MINUTES make it shorter or longer.
chaos: setup ## Kill, soak and mistreat the host, and see that nothing is lost; takes 45 minutes
	@$(RUN) pytest tests/chaos -q -s $(ARGS)
	@HYPOTHESIS_PROFILE=thorough $(RUN) pytest tests/replay/test_random_programs.py -q

check: lint types imports house ## Lint, format, types, import contracts, house rules

lint: setup
	@$(RUN) ruff check
	@$(RUN) ruff format --check

types: setup
	@$(RUN) mypy

imports: setup
	@.venv/bin/python .venv/bin/lint-imports --no-logo

house: setup
	@$(RUN) pytest tests/house -q

bench: azurite ## Measure; ARGS="--help" lists what can be asked
	@$(RUN) benchmarks $(ARGS)

# Peers have an environment of their own, made when first asked for: nothing of theirs is among the project's packages.
bench-peers: setup ## Measure beside LangGraph and DBOS; ARGS="--help" lists what can be asked
	@wanted=$$(.venv/bin/python -c "$$RECIPE" benchmarks/peers/requirements.txt) || exit 1; \
	[ "$$(cat .peers/made-from 2>/dev/null)" = "$$wanted" ] || { \
		echo "Installing the peers' locked packages into .peers ..." && \
		.venv/bin/python -m venv --clear .peers && \
		.peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
			-r benchmarks/peers/requirements.txt && \
		echo "$$wanted" > .peers/made-from; }
	@$(RUN) benchmarks.peers $(ARGS)

fix: setup ## Mend what ruff can mend, then format
	@$(RUN) ruff check --fix
	@$(RUN) ruff format
