#!/usr/bin/env bash
# What needs hours: the tests in which chance chooses the moment, many more rounds than on every change.
#
#   bash tests/nightly.sh [ROUNDS]     (100 unless said)
#
# Needs what tests/run.sh installs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export NPKI_ROUNDS="${1:-100}"
export NPKI_PYTHON_BIN="${NPKI_PYTHON_BIN:-$(realpath -m "${CARGO_TARGET_DIR:-target}")/judges/bin}"

# Optimised: more happens in each round, and more of it at once.
cargo build --release --workspace --bins --locked
cargo test --release --locked -p tests --test crash --test full_disk -- --nocapture --test-threads 1
