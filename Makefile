PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

help:  ## Print this help.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup:  ## Get everything the other targets need: .venv, each MicroPython, umqtt.simple, Mosquitto, Chromium.
	@$(PYTHON) -m tools.dev.setup $(if $(filter setup,$(MAKECMDGOALS)),--next)

demo:  ## Watch a 32-bit MicroPython be a Thing of a local AWS, no account, no board needed [DOOR=wss] [RECORD=docs/demo.svg].
	@$(PYTHON) -m tools.dev.setup --demo
	@$(BIN)/python -m tests.harness.demo $(if $(DOOR),--door $(DOOR)) $(if $(RECORD),--record $(RECORD))

test: lint  ## Run everything on CPython, 64-bit and 32-bit MicroPython.
	@$(PYTEST) -n 6 --dist load --maxschedchunk 1 tests

pythons: setup  ## Run the tests of the host and of CPython with each python3.10 to 3.14 on the PATH.
	@$(BIN)/python -m tools.dev.pythons

matrix: setup  ## Run every suite on each MicroPython and umqtt.simple, and write docs/versions.md (ONLY="1.26-32").
	@$(BIN)/python -m tests.matrix $(ONLY)

faults: setup  ## Meet every fault of the catalogue on every runtime, and print the table.
	@FUZZ_SECONDS=60 $(PYTEST) -q --timeout 600 tests/faults/test_fuzz_packet.py tests/faults/test_fuzz_session.py \
		tests/faults/test_fuzz_shadow.py tests/properties/test_merging.py tests/properties/test_job_documents.py
	@$(BIN)/python -m tests.faults
	@$(BIN)/python -m tests.faults --door wss --runtime mp32 --quick

power: setup  ## Cut the power and kill the commands at each of the steps of which `make test` takes some.
	@$(PYTEST) -m power -n 6 tests

browser: setup  ## Look at all pages of `thing console` in a real browser (CHROMIUM=PATH for another than Debian's).
	@$(PYTEST) -m "browser or not browser" tests/browser

console-figures: setup  ## Measure the fleet's faces: the console, the REST API, `thing status`; with goals [ARGS="--things N"].
	@$(BIN)/python -m tests.browser.figures $(ARGS)

device-advisor: setup  ## Run the local equivalent of AWS IoT Core Device Advisor's tests.
	@$(BIN)/python -m tests.faults.advise

bench: setup  ## Measure heap, sizes and round trips, and print BENCHMARKS.md.
	@$(BIN)/python -m tests.benchmarks

hardware: setup  ## Examine a real board, with a report to send in: make hardware PORT=/dev/ttyUSB0 [ARGS="--hour"].
	@$(BIN)/thing selftest $(if $(PORT),--port $(PORT)) $(ARGS)

aws: setup  ## Accept the library against real AWS, Device Advisor included; tells the cost first [ARGS=--yes].
	@$(BIN)/thing selftest --here --device-advisor $(ARGS)

hardware-played: setup  ## Play `make hardware` from end to end: make-believe board, local AWS.
	@$(PYTEST) -q tests/host/play_selftest.py

qemu: setup  ## Run what needs no network on an emulated Cortex-M3, built from Debian's source, and write docs/qemu.md.
	@$(BIN)/python -m tests.qemu $(STAGES)

mpy: setup  ## Compile the device library to .mpy files and list them for mip (package-mpy.json).
	@$(BIN)/python -m aws_iot_tools.dev.mip

lint: setup  ## Check style, import arrows and types: the tools', the device library's against MicroPython's stubs, and its own stubs.
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy
	@$(BIN)/mypy --config-file tools/dev/mypy.ini
	@$(BIN)/python -m aws_iot_tools.dev.stubs --check
	@PYTHONPATH=tests/harness/standins $(BIN)/stubtest aws_iot \
		--mypy-config-file tests/stubs/mypy.ini --allowlist tests/stubs/allowlist.txt

stubs: setup  ## Bring the docstrings of aws_iot/**/*.pyi up to those of the code.
	@$(BIN)/python -m aws_iot_tools.dev.stubs

docs: setup  ## Build the site of all pages into build/site, strictly, and run what its tests take long for.
	@$(BIN)/python -m aws_iot_tools.dev.site
	@$(PYTEST) -q -m docs tests

dist: setup  ## Build sdist and wheel as PyPI takes them: the same bytes from the same commit.
	@$(BIN)/python -m aws_iot_tools.dev.distribution

release: setup lint  ## Make and examine a release into dist/: packages, .mpy, site, licences, bill of materials, checksums.
	@$(BIN)/python -m aws_iot_tools.dev.release

pins: setup  ## Bring the pinned Python packages (requirements/*.txt) up to date, with the hashes of their files.
	@$(BIN)/python -m aws_iot_tools.dev.pins

.PHONY: help setup demo test pythons matrix faults power browser console-figures device-advisor bench hardware aws hardware-played qemu mpy lint stubs docs dist release pins
