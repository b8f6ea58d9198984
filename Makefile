# `make run` and `make test` do all the set-up by themselves; `make help` lists the rest.
PYTHON ?= python3
# Where pip looks for torch besides PyPI: an address, `none`, or `auto`: PyTorch's CPU index on Linux, if it answers.
TORCH_INDEX ?= auto
VENV := .venv
BIN := $(VENV)/bin
export TORCH_INDEX PYTHON

.PHONY: help run demo test lint unit setup setup-test clean

help:
	@echo "make run    set everything up and start voicego"
	@echo "make demo   play a recording through voicego to a real action; needs no microphone"
	@echo "make test   set everything up and run every check and test"
	@echo "make lint   the checks alone;   make unit   the quick tests alone"
	@echo "make clean  remove the virtual environment and caches"
	@echo "TORCH_INDEX=address takes torch from there, TORCH_INDEX=none from PyPI alone."

run: setup
	@$(BIN)/voicego run

demo: setup
	@$(BIN)/voicego demo

test: setup-test lint
	$(BIN)/python -m pytest

lint: setup-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup-test
	$(BIN)/python -m pytest tests/unit

setup:
	@tools/setup.sh run

setup-test:
	@tools/setup.sh test

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
