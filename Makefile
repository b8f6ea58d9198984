# `make run` and `make test` do all the set-up by themselves; `make help` lists the rest.
PYTHON ?= python3
# Where pip looks for torch besides PyPI: an address, `none`, or `auto`: PyTorch's CPU index on Linux, if it answers.
TORCH_INDEX ?= auto
# Test files that run at a time. Most of them wait for sound: more than there are cores is well.
WORKERS ?= 3
VENV := .venv
BIN := $(VENV)/bin
export TORCH_INDEX PYTHON

.PHONY: help run demo test lint unit faults soak setup setup-test clean wheel deb app homebrew

help:
	@echo "make run    set everything up and start voicego"
	@echo "make demo   play a recording through voicego to a real action; needs no microphone"
	@echo "make test   set everything up and run every check and test"
	@echo "make lint   the checks alone;   make unit   the quick tests alone"
	@echo "make faults do everything bad to a running voicego, the slow things too; a table in build/faults.json"
	@echo "make soak HOURS=24   hours of sound, faster than life; PACE=life through a sound server"
	@echo "make wheel, make deb, make app, make homebrew   packages, in dist/; see packaging/README.md"
	@echo "make clean  remove the virtual environment and caches"
	@echo "TORCH_INDEX=address takes torch from there, TORCH_INDEX=none from PyPI alone."

run: setup
	@$(BIN)/voicego run

demo: setup
	@$(BIN)/voicego demo

test: setup-test lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

lint: setup-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup-test
	$(BIN)/python -m pytest tests/unit

# Every fault, those that `make test` leaves out as well. The table of docs/reliability.md is made of what they measure.
faults: setup-test
	rm -f build/faults.json
	VOICEGO_FAULTS_REPORT=build/faults.json $(BIN)/python -m pytest tests/faults -m ""

# SPEECH names recordings of people talking, where there are any. Figures and a picture are in build/.
soak: setup-test
	$(BIN)/python benchmarks/soak.py $(or $(HOURS),1) --pace $(or $(PACE),fast) --speech $(SPEECH)

wheel: setup
	$(BIN)/python -m pip wheel -q --no-deps -w dist .

# For the Debian or Ubuntu whose python3 has the version of .venv's.
deb: setup
	@packaging/deb/build.sh dist

# The application on macOS, a folder with two executables on Windows (and on Linux, where nobody needs it).
app: setup
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[app]"
	$(BIN)/python -m PyInstaller --noconfirm --log-level WARN --distpath dist --workpath build packaging/pyinstaller/voicego.spec

# Formula and cask for what lies in dist: the source archive, and voicego.app in a zip if `make app` ran on macOS.
homebrew: setup
	$(BIN)/python -m pip install -q -c constraints.txt hatchling
	$(BIN)/python -m hatchling build -t sdist
	@if [ -d dist/voicego.app ]; then cd dist && ditto -c -k --keepParent voicego.app voicego-app.zip; fi
	$(BIN)/python packaging/homebrew/render.py "$$(ls -t dist/voicego-*.tar.gz | head -n 1)" dist/voicego-app.zip dist/homebrew

setup:
	@tools/setup.sh run

setup-test:
	@tools/setup.sh test

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
