# Two commands for a newcomer: `make demo` and `make test`. Both set themselves up; they need git, make and Python >= 3.10.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
COMMAND := $(VENV)/bin/cos-concat
CONFIGURED = $(COMMAND) $(if $(ENV),--env $(ENV))
PIP    := $(PY) -m pip install -q --disable-pip-version-check --require-hashes

.PHONY: help demo up invoke test test-long lint clean
help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(f"cos-concat needs Python 3.10 or newer, this is {sys.version.split()[0]}" if sys.version_info < (3, 10) else 0)'
	@$(PYTHON) -m venv $(VENV) && touch $@

# The functions' own dependencies, apart: the local cloud gives a function these and nothing else.
$(VENV)/layer: layers/requirements.txt | $(VENV)/python
	@echo "setting up: what the functions need in the cloud"
	@rm -rf $@ && $(PIP) --no-deps --target $@ -r $< && touch $@

# The one command, from wherever it is called.
$(COMMAND): requirements/ops.txt $(VENV)/layer
	@echo "setting up: the command cos-concat"
	@$(PIP) -r $<
	@printf '#!/bin/sh\ntrap "" INT # until ops/start.py can answer it\nexec "%s" -S "%s/ops/start.py" "$$@"\n' "$(abspath $(PY))" "$(CURDIR)" > $@
	@chmod +x $@

$(VENV)/demo: requirements/demo.txt $(COMMAND)
	@echo "setting up: the local cloud (once)"
	@$(PIP) -r $< && touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/demo
	@echo "setting up: test tools (once)"
	@$(PIP) -r $< && touch $@

demo: $(VENV)/demo  ## a dozen fragments become one proven video; your own: make demo CLIPS="a.mp4 'b c.mov'"
	@$(COMMAND) demo $(ARGS) -- $(CLIPS)

up: $(VENV)/demo  ## keep the local cloud running for any COS client; Ctrl-C ends it
	@$(CONFIGURED) up $(ARGS)

invoke: $(VENV)/demo  ## run one function: make invoke FUNCTION=upload EVENT=events/cos-created-put.json
	@$(CONFIGURED) invoke "$(FUNCTION)" "$(EVENT)"

layer: build/layer.zip  ## the functions' dependencies as a layer: build/layer and build/layer.zip
build/layer.zip: layers/build.py $(VENV)/layer
	@mkdir -p build && $(PY) layers/build.py $(VENV)/layer build

package: layer $(COMMAND)  ## what is deployed: build/code.zip and build/layer.zip
	@$(CONFIGURED) package $(ARGS)

policies: $(COMMAND)  ## the CAM policy of each function, for the configuration in .env
	@$(CONFIGURED) policies $(ARGS)

doctor: $(COMMAND)  ## check buckets, media processing, queue and callback of the configuration in .env
	@$(CONFIGURED) doctor $(ARGS)

cost: $(COMMAND)  ## what 1,000 groups cost: make cost ARGS="--fragments 12 --seconds 300"
	@$(CONFIGURED) cost $(ARGS)

deploy: layer $(COMMAND)  ## deploy from .env, after a question: make deploy [ARGS=--check] [ENV=.env.prod]
	@$(CONFIGURED) deploy $(ARGS)

destroy: $(COMMAND)  ## remove what deploy made, never a bucket or what is in one
	@$(CONFIGURED) destroy $(ARGS)

pause: $(COMMAND)  ## stop what starts by itself, and show what is in flight
	@$(CONFIGURED) pause $(ARGS)

resume: $(COMMAND)  ## let a paused deployment go on
	@$(CONFIGURED) resume $(ARGS)
.PHONY: layer package policies doctor cost deploy destroy pause resume

names: $(COMMAND)  ## which group each key belongs to: make names ARGS="fragments/a.part1-of-2.mp4"
	@$(CONFIGURED) names $(ARGS)

status: $(COMMAND)  ## where is my video: make status ARGS=lecture
	@$(CONFIGURED) status $(ARGS)

preview: $(COMMAND)  ## what the configuration would do with the bucket; reads, writes nothing
	@$(CONFIGURED) preview $(ARGS)
.PHONY: names status preview

pages: $(VENV)/dev  ## write the parts of docs/ that the code knows
	@$(PY) -m tools.pages && PYTHONPATH=handler:. $(PY) -m tests.support.transcripts && $(PY) -m tools.pages.chinese
translated: $(VENV)/dev  ## which Chinese pages are older than their English ones; PAGES="..." marks them as brought up to date
	@$(PY) -m tools.pages.translated $(PAGES)
.PHONY: pages translated

# The tests start Python hundreds of times: its byte-code is kept beside the code, whatever the environment says.
KEPT := PYTHONDONTWRITEBYTECODE=
test: $(VENV)/dev  ## the tests, about three minutes on two cores
	@$(KEPT) $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not slow and not account" $(ARGS)

test-long: $(VENV)/dev  ## the longer runs that CI adds
	@$(KEPT) $(PY) -m pytest -n 2 -m "slow and not clients" $(ARGS)

# Installed apart, as anybody installs them: their versions are none of the functions' business.
$(VENV)/clients: requirements/clients.txt tests/clients/package-lock.json | $(VENV)/python
	@echo "setting up: clients that nobody here wrote (once)"
	@rm -rf $@ && $(PY) -m venv $@ && $@/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@if command -v npm >/dev/null; then cp tests/clients/package.json tests/clients/package-lock.json $@/ && cd $@ && npm ci --silent --ignore-scripts; \
	else echo "npm is not installed: the session of cos-nodejs-sdk-v5 is not run"; fi
	@touch $@

test-clients: $(VENV)/dev $(VENV)/clients  ## official clients against the local cloud; an SDK's own tests: make test-clients SDK=<folder with its source>
ifdef SDK
	@$(PY) -m tests.clients "$(SDK)"
else
	@CLIENTS="$(abspath $(VENV)/clients)" $(PY) -m pytest -n 2 -m clients -rs tests/clients $(ARGS)
endif
.PHONY: test-clients

simulate: $(VENV)/dev  ## faults at every step: make simulate RUNS=20000 [FIRST=1; from 10000000 on, recordings cut at gaps; from 20000000 on, what lasts], SEED=7 [ONLY=... MASK=...] for one schedule, STORED=name for a find
	@PYTHONPATH=handler:. $(PY) -m tests.simulation $(if $(STORED),--stored $(STORED),$(if $(SEED),--seed $(SEED) --only "$(ONLY)" --mask "$(MASK)" --store "$(STORE)",--runs $(or $(RUNS),5000) --first $(or $(FIRST),1)))

mutants: $(VENV)/dev  ## remove each guard once; the simulator must notice. Writes docs/internals/mutants.md, protocol.md
	@PYTHONPATH=handler:. $(PY) -m tests.simulation.mutants $(ONLY)
	@PYTHONPATH=handler:. $(PY) -m tests.unit.protocol.rows

media-table: $(VENV)/dev  ## what people record, through the whole product. Writes docs/internals/media-table.md
	@MEDIA_TABLE=docs/internals/media-table.md $(PY) -m pytest -m slow -k whole_table tests/media $(ARGS)

conformance: $(VENV)/dev  ## models and local cloud against the behaviour table; TARGET=account: a real one, see docs/internals/behaviour.md
	@CONFORMANCE_TARGET="$(TARGET)" $(PY) -m pytest tests/conformance -rs

# tccli lives in a venv of its own and nothing of it runs; where it cannot be had, this says so and is no failure.
contract-models: $(VENV)/demo  ## compare what is recorded of SCF's and CAM's API with the api.json of a pinned tccli
	@rm -rf build/venv-tccli && $(PYTHON) -m venv build/venv-tccli
	@if timeout 150 build/venv-tccli/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/tccli.txt; \
	then $(PY) -m local.control.models build/venv-tccli/lib/python*/site-packages/tccli/services; \
	else echo "not run: the pinned tccli could not be had"; fi
.PHONY: simulate mutants media-table conformance contract-models

lint: $(VENV)/dev  ## ruff, mypy --strict, which package may import which, and how the pages read
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy
	@PYTHONPATH=handler:. $(VENV)/bin/lint-imports --no-cache
	@$(PY) -m tools.prose

release: $(VENV)/dev  ## tag a version and make its zips: make release VERSION=0.2.0 [ARGS=--check]
	@$(PY) -m tools.release "$(VERSION)" --layer $(VENV)/layer $(ARGS)

bench: $(VENV)/dev  ## measure, and write bench/RESULTS.md; one of them: make bench NAME=calls
	@$(PY) -m bench $(NAME)
.PHONY: bench release

clean:  ## forget everything that was set up or built
	@rm -rf $(VENV) build demo-out .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
