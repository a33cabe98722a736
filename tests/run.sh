#!/usr/bin/env bash
# Builds, checks and tests everything, on a machine with a Rust toolchain: what the README and continuous integration run.
#
# Installs what is missing of the programs that judge npki's work (openssl, GnuTLS, Java, nginx, curl, age, faketime, SoftHSM, xmlsec1,
# Go, pkilint, openapi-spec-validator and the vectors of NIST's PKITS) and of PostgreSQL, which the tests of storage start for themselves. Where
# nothing is missing, it needs no network but for crates that are not downloaded yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TARGET="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
JUDGES="$TARGET/judges"
LOGS="$TARGET/run-logs"
mkdir -p "$LOGS"

fail() {
    echo "run.sh: $*" >&2
    exit 1
}

# stage NAME COMMAND...: runs it, its output in a log, one line on the screen; shows the log when it fails.
stage() {
    local name=$1 log begun=$SECONDS
    shift
    log="$LOGS/${name// /-}.log"
    printf '%-24s' "$name"
    if "$@" >"$log" 2>&1; then
        printf 'ok     %5d s\n' $((SECONDS - begun))
    else
        printf 'FAILED %5d s\n' $((SECONDS - begun))
        cat "$log" >&2
        fail "$name failed; the log is $log"
    fi
}

missing_packages() {
    command -v cc >/dev/null || echo build-essential
    command -v openssl >/dev/null || echo openssl
    command -v curl >/dev/null || echo curl
    command -v certtool >/dev/null && command -v ocsptool >/dev/null || echo gnutls-bin
    command -v age >/dev/null || echo age
    command -v faketime >/dev/null || echo faketime
    # Java compiles what judges OCSP before it runs it.
    command -v javac >/dev/null && command -v keytool >/dev/null || echo default-jdk-headless
    command -v nginx >/dev/null || echo nginx-light
    command -v xmlsec1 >/dev/null || echo xmlsec1
    command -v softhsm2-util >/dev/null || echo softhsm2
    command -v go >/dev/null || echo golang-go
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
    command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

# A stage is run as a condition, where bash does not stop at the first failure by itself: hence the && below.
system_programs() {
    local packages as_root=()
    mapfile -t packages < <(missing_packages)
    [ ${#packages[@]} -eq 0 ] && return 0
    if ! command -v apt-get >/dev/null; then
        echo "install these by hand: ${packages[*]}"
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "as root: apt-get install ${packages[*]}"
            return 1
        fi
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends "${packages[@]}"
}

python_programs() {
    # The copy of the list says what is installed: equal lists, nothing to do.
    cmp -s tests/requirements.txt "$JUDGES/installed.txt" && return 0
    python3 -m venv --clear "$JUDGES" &&
        "$JUDGES/bin/pip" install --quiet --disable-pip-version-check --requirement tests/requirements.txt &&
        cp tests/requirements.txt "$JUDGES/installed.txt"
}

go_programs() {
    (cd tests/judges/tlog && go build -o /dev/null .)
}

# component NAME COMMAND...: a part of an ordinary toolchain; in continuous integration it must be there.
component() {
    local name=$1
    shift
    if cargo "$name" --version >/dev/null 2>&1; then
        stage "cargo $name" "$@"
    elif [ -n "${CI:-}" ]; then
        fail "cargo $name is not installed: rustup component add rustfmt clippy"
    else
        printf '%-24sNOT CHECKED: cargo %s is not installed (rustup component add rustfmt clippy)\n' "cargo $name" "$name"
    fi
}

command -v cargo >/dev/null || fail "a Rust toolchain is needed: https://rustup.rs"
stage "system programs" system_programs
stage "python programs" python_programs
stage "go programs" go_programs
export NPKI_PYTHON_BIN="$JUDGES/bin"

component fmt cargo fmt --all --check
stage "cargo build" cargo build --workspace --all-targets --locked
component clippy cargo clippy --workspace --all-targets --locked -- -D warnings
export NPKI_BIN="$TARGET/debug/npki"
stage "cargo test" cargo test --workspace --locked --no-fail-fast
grep -hE '^test result:' "$LOGS/cargo-test.log" |
    awk '{ passed += $4; failed += $6 } END { printf "%d tests passed, %d failed\n", passed, failed }'
