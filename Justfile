# `just` alone runs lint and tests. Everything works in the environment that `just setup` makes.

bin := ".venv/bin"

default: lint test

# Make .venv with what the tests need
setup:
    python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[dev]'

# Run a search, e.g. `just run lr --epochs 2`
run *words:
    {{bin}}/cockpit sweep {{words}}

# A ten-second sweep without torch and Ray
demo:
    {{bin}}/cockpit sweep demo

# Make the recording that `cockpit demo` replays anew: real training, about a minute
record:
    rm -rf build/recorded
    {{bin}}/cockpit sweep arcface --trials 20 --epochs 12 --engine local --logs build/recorded
    {{bin}}/cockpit demo latest --logs build/recorded --pack cockpit/recordings/arcface.zip

# Take the picture at the top of the README anew, from a real sweep: about twenty seconds
screenshot:
    {{bin}}/python -m tests.screenshot

# All tests but the slow ones and those that start Ray
test *words:
    {{bin}}/python -m pytest -n 2 -m "not ray and not slow" {{words}}

# The tests that start Ray
test-ray *words:
    {{bin}}/python -m pytest -m ray {{words}}

# The slow tests: clusters, faults, scripts of others
test-slow *words:
    {{bin}}/python -m pytest -m slow {{words}}

# Kill sweeps in the middle until N processes have died, resume each, and check that nothing is lost
faults kills="50" *words:
    {{bin}}/python -m tests.faults --kills {{kills}} {{words}}

# Measurements against peers, as ratios in one run
bench *words:
    {{bin}}/pip install -q -e '.[bench]'
    {{bin}}/python -m tests.bench {{words}}

# Everything that is measured on a GPU: makes .venv where there is none, writes the table to build/bench-gpu.txt too
bench-gpu *words:
    #!/usr/bin/env sh
    set -eu
    case " {{words}} " in
        *" --device "*) ;;
        *) command -v nvidia-smi >/dev/null || { echo "bench-gpu: no GPU here; --device cpu --quick tries it" >&2; exit 2; } ;;
    esac
    [ -x {{bin}}/python ] || just setup
    {{bin}}/python -m tests.bench.gpu {{words}}

# Lint, formatting, types and import rules
lint:
    {{bin}}/ruff check .
    {{bin}}/ruff format --check .
    {{bin}}/mypy
    {{bin}}/lint-imports

# Begin a trainer of your own
new-trainer name:
    {{bin}}/cockpit new trainer {{name}}

# Begin a search of your own
new-search name:
    {{bin}}/cockpit new search {{name}}

# Make .venv-xla with the newest torch_xla and the only torch that fits it, 7 GB: what TPUs of this generation run with
xla-env:
    python3 -m venv .venv-xla
    grep -v '^torch==' constraints.txt > .venv-xla/constraints.txt
    .venv-xla/bin/pip install -q -c .venv-xla/constraints.txt -e '.[tpu]' pytest pytest-xdist

# The tests that need torch_xla, with the processor for a chip
test-xla *words:
    .venv-xla/bin/python -m pytest tests/trainers/xla tests/trainers/test_trainer_same_graph.py tests/trainers/devices/test_trainer_device_contract.py {{words}}

# What XLA compiles while a trainer trains, and whether losses are those of plain torch
bench-xla *words:
    .venv-xla/bin/python -m tests.bench --only xla {{words}}
