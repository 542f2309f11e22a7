# Two commands on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One thread per core is best for one process; a user's own setting wins.
export OMP_NUM_THREADS ?= $(shell nproc)
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: demo picture test evidence bench lint docs clean

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $(READY)

demo: $(READY)
	$(BIN)/sophro models pull smollm2-135m
	$(BIN)/sophro run recipes/quickstart.yaml --out runs/quickstart

# The picture in README.md: three quarters of an hour; a killed run goes on.
picture: $(READY)
	$(BIN)/sophro models pull smollm2-135m
	$(BIN)/sophro run recipes/reflection.yaml --out runs/reflection
	$(BIN)/python scripts/make_picture.py runs/reflection docs/images/reflection.svg

# Two workers with one thread each: threads of two processes on two cores would wait for each other.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

evidence: $(READY)
	$(BIN)/sophro evidence

bench: $(READY)
	$(BIN)/python scripts/bench.py
	$(BIN)/python scripts/bench_steer.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

docs: $(READY)
	$(BIN)/python scripts/make_docs.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) runs site
