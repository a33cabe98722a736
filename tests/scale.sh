#!/usr/bin/env bash
# How npki behaves with a large store: makes one through the real pipeline and measures the service on it.
#
#   bash tests/scale.sh CERTIFICATES [campaign] [STORE]
#
# STORE is an address such as postgres://…; without one the embedded store is measured. With `campaign` it is a campaign that
# is measured, over every certificate: looking, gathering, and revoking what is left. Prints a table; leaves nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

certificates=${1:?how many certificates}
shift
campaign=
if [ "${1:-}" = campaign ]; then campaign=yes; shift; fi
store=${1:-}
cargo build --quiet --release --locked -p cli -p tests --bin npki --bin make-store
target="$(realpath "${CARGO_TARGET_DIR:-target}")/release"
# On the disk that the build uses: a temporary folder is often memory.
folder=$(mktemp -d -p "$(dirname "$target")")
server=
cleanup() {
    [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
https=18643 http=18680
npki() { NPKI_CONFIG_DIR="$folder/config" "$target/npki" --no-input "$@"; }
npki init --data "$folder/data" --listen 127.0.0.1:$https --public-listen 127.0.0.1:$http \
    --public-url http://127.0.0.1:$http >/dev/null
"$target/make-store" --data "$folder/data" --certificates "$certificates" ${store:+--store "$store"}
[ -n "$store" ] || du -sh "$folder/data/store" | awk '{ print "on disk\t" $1 }'

now() { date +%s.%N; }
since() { awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.2f s", to - from }'; }
issuing="$folder/data/certificates/issuing.pem"
serial=$(head -1 "$folder/data/made-serials")
ask_ocsp() {
    openssl ocsp -issuer "$issuing" -serial "0x$1" -CAfile "$folder/data/certificates/root.pem" \
        -url http://127.0.0.1:$http/ocsp 2>/dev/null | grep -q ": good"
}
# Certificates enter the index of keys as they are issued; those of the generator do when the service first starts.
"$target/npki" serve --data "$folder/data" ${store:+--store "$store"} >"$folder/log" 2>&1 &
server=$!
until grep -q "serving service" "$folder/log"; do
    kill -0 "$server" || { cat "$folder/log"; exit 1; }
    sleep 0.5
done
kill "$server" && wait "$server" || true
begun=$(now)
"$target/npki" serve --data "$folder/data" ${store:+--store "$store"} >"$folder/log" 2>&1 &
server=$!
until ask_ocsp "$serial"; do
    kill -0 "$server" || { cat "$folder/log"; exit 1; }
    [ "$(awk -v from="$begun" -v to="$(now)" 'BEGIN { print (to - from > 120) }')" = 0 ] || { echo "no OCSP answer within 120 s"; exit 1; }
    sleep 0.05
done
printf 'start to first OCSP answer\t%s\n' "$(since "$begun")"
sleep 5
awk '/VmRSS/ { print "resident memory\t" int($2 / 1024) " MiB" }' "/proc/$server/status"
npki context add admin --url https://localhost:$https --trust "$folder/data/certificates/root.pem" \
    --cert "$folder/data/admin/cert.pem" --key "$folder/data/admin/key.pem" >/dev/null

# Everything that a campaign does, at its largest: all certificates, all of them left at the date.
campaign() {
    local begun looked date
    resident() { awk '/VmRSS/ { print "resident memory, " name "\t" int($2 / 1024) " MiB" }' name="$1" "/proc/$server/status"; }
    rate() { awk -v n="$2" -v from="$3" -v to="$(now)" -v name="$1" \
        'BEGIN { printf "%s\t%d in %.1f s: %.0f a second\n", name, n, to - from, n / (to - from) }'; }
    npki --context admin staff add --name 'Second Administrator' --role administrator --generate \
        --out "$folder/second" >/dev/null
    npki context add second --url https://localhost:$https --trust "$folder/data/certificates/root.pem" \
        --cert "$folder/second/chain.pem" --key "$folder/second/key.pem" >/dev/null
    selection=(--algorithm p256 --profile device)
    begun=$(now)
    npki --context admin campaign plan "${selection[@]}" --json >"$folder/plan"
    rate "blast radius, looked at" "$(field looked_at "$folder/plan")" "$begun"
    looked=$(awk -v from="$begun" -v to="$(now)" 'BEGIN { print int(to - from) + 1 }')
    # `start` looks once more before it gathers, and the date must come after the approval.
    date=$(date -u -d "+$((looked * 6 + 30)) seconds" +%Y-%m-%dT%H:%M:%SZ)
    begun=$(now)
    npki --context admin --yes campaign start drill "${selection[@]}" --why 'a drill at scale' \
        --revoke-at "$date" --reason superseded --json >"$folder/started" || [ $? = 9 ]
    rate "looked at and gathered, members" "$(field members "$folder/started")" "$begun"
    resident "all gathered"
    npki --context second campaign approve drill >/dev/null
    sleep "$(awk -v to="$(date -d "$date" +%s)" -v from="$(now)" 'BEGIN { print (to > from) ? to - from : 0 }')"
    # The service begins by itself; the command only waits for it and helps.
    begun=$(now)
    until npki --context admin campaign run drill --json >"$folder/run"; [ "$(field left "$folder/run")" = 0 ]; do sleep 1; done
    rate "revoked, each with its event" "$(field members "$folder/run")" "$begun"
    resident "all revoked"
    begun=$(now)
    curl --silent --fail --output "$folder/crl" "http://127.0.0.1:$http/crl/issuing.crl"
    local serials="openssl crl -inform der -in $folder/crl -noout -text"
    until [ "$($serials | grep -c 'Serial Number:')" -ge "$(field members "$folder/run")" ]; do
        sleep 1
        curl --silent --fail --output "$folder/crl" "http://127.0.0.1:$http/crl/issuing.crl"
    done
    printf 'until the CRL lists all of them\t%s\n' "$(since "$begun")"
}
# field NAME FILE: a number of a JSON answer, the last of this name.
field() { grep -o "\"$1\":[ ]*[0-9]*" "$2" | tail -1 | grep -o '[0-9]*$'; }
if [ -n "$campaign" ]; then campaign; exit; fi

# latency NAME PATH: median and worst of 100 requests over one connection, in milliseconds.
latency() {
    local urls=() i
    for ((i = 0; i < 100; i++)); do urls+=(-o /dev/null "https://localhost:$https$2"); done
    curl --silent --cacert "$folder/data/certificates/root.pem" --cert "$folder/data/admin/cert.pem" \
        --key "$folder/data/admin/key.pem" --write-out '%{http_code} %{time_starttransfer} %{time_appconnect}\n' "${urls[@]}" |
        awk '$1 == 200 { print ($2 - $3) * 1000; next } { print "FAILED" }' | sort -n |
        awk -v name="$1" '/FAILED/ { bad++; next } { t[++n] = $1 }
            END { printf "%s\tmedian %.1f ms, worst %.1f ms%s\n", name, t[int((n + 1) / 2)], t[n], bad ? ", FAILED: " bad : "" }'
}
latency "first page of certificates" "/v1/certificates?limit=100"
latency "a page from the middle" "/v1/certificates?limit=100&after=$serial"
latency "one certificate" "/v1/certificates/$serial"
latency "events about it" "/v1/events?about=certificate:issuing/$serial"
latency "events by action" "/v1/events?action=certificate.issued&limit=100"
latency "receipts of it" "/v1/certificates/$serial/receipts"
