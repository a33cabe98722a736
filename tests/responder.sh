#!/usr/bin/env bash
# How fast npki answers OCSP, beside what the same machine does with other programs in the same run: a cached GET beside nginx
# with a file of the same size, a POST with a nonce beside the bare signatures of the key, and both beside `openssl ocsp` as a server.
#
#   bash tests/responder.sh [SECONDS]
#
# Servers run on the first processor and the load (wrk) on the second, each for SECONDS (10), three times in turn, and the
# best counts. Needs two processors, nginx, wrk and openssl (apt-get install nginx-light wrk openssl). Prints a table; leaves
# nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-10}
rounds=3 connections=32
for program in nginx wrk openssl taskset xxd; do
    command -v $program >/dev/null || PATH=$PATH:/usr/sbin command -v $program >/dev/null || { echo "needs $program" >&2; exit 2; }
done
PATH=$PATH:/usr/sbin
[ "$(nproc)" -ge 2 ] || { echo "needs two processors" >&2; exit 2; }
cargo build --quiet --release --locked -p cli --bin npki
npki="$(realpath "${CARGO_TARGET_DIR:-target}")/release/npki"
folder=$(mktemp -d)
chmod 755 "$folder"
https=18843 http=18880 static=18881 theirs=18882
pids=()
cleanup() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
npki() { NPKI_CONFIG_DIR="$folder/config" "$npki" --no-input "$@"; }
on_first() { taskset -c 0 "$@"; }
on_second() { taskset -c 1 "$@"; }

npki init --data "$folder/data" --listen 127.0.0.1:$https --public-listen 127.0.0.1:$http \
    --public-url http://127.0.0.1:$http >/dev/null
# All the load comes from one address.
sed -i 's/^each_second = .*/each_second = 0/' "$folder/data/npki.toml"
NPKI_CONFIG_DIR="$folder/config" taskset -c 0 "$npki" --no-input serve --data "$folder/data" >"$folder/log" 2>&1 &
pids+=($!)
until grep -q "serving service" "$folder/log"; do
    kill -0 "${pids[0]}" || { cat "$folder/log"; exit 1; }
    sleep 0.1
done
ca="$folder/data/certificates/issuing.pem" root="$folder/data/certificates/root.pem" cert="$folder/data/admin/cert.pem"

# is_right ANSWER QUESTION: openssl verifies the answer, which says good.
is_right() {
    # With -no_nonce openssl leaves the request's own nonce, which the answer must carry.
    openssl ocsp -no_nonce -respin "$folder/$1" -reqin "$folder/$2" -issuer "$ca" -cert "$cert" -CAfile "$root" >"$folder/told" 2>&1 || true
    grep -q ": good" "$folder/told" || { cat "$folder/told"; exit 1; }
}

# The two questions. That of the nonce is cut at the nonce's octets, so that each that is sent has another.
openssl ocsp -issuer "$ca" -cert "$cert" -no_nonce -reqout "$folder/question" >/dev/null 2>&1
openssl ocsp -issuer "$ca" -cert "$cert" -nonce -reqout "$folder/nonced" >/dev/null 2>&1
path=$(openssl base64 -A -in "$folder/question" | sed 's,/,%2F,g; s,+,%2B,g; s,=,%3D,g')
curl --silent --fail --output "$folder/answer" "http://127.0.0.1:$http/ocsp/$path"
is_right answer question
size=$(stat -c %s "$folder/answer")
hex=$(xxd -p "$folder/nonced" | tr -d '\n')
nonce=$(openssl asn1parse -inform DER -in "$folder/nonced" | awk -F: '/HEX DUMP/ { print $NF }' | tail -1 | cut -c5-)
before=$(awk -v all="$hex" -v part="${nonce,,}" 'BEGIN { print index(all, part) - 1 }')
[ "$before" -gt 0 ] || { echo "the nonce was not found in the request" >&2; exit 1; }
after=$((before + ${#nonce})) length=$((${#nonce} / 2))
cat >"$folder/post.lua" <<LUA
local function octets(hex) return (hex:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end)) end
local head, tail = octets("${hex:0:$before}"), octets("${hex:$after}")
local length, count = $length, 0
wrk.method, wrk.headers["Content-Type"] = "POST", "application/ocsp-request"
request = function()
    count = count + 1
    local nonce = string.format("%0" .. length .. "d", count):sub(-length)
    return wrk.format(nil, nil, nil, head .. nonce .. tail)
end
LUA

cat >"$folder/nginx.conf" <<CONF
worker_processes 1; daemon off; pid $folder/nginx.pid; error_log $folder/nginx.log;
events { worker_connections 1024; }
http {
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/ocsp-response;
    client_body_temp_path $folder/body; proxy_temp_path $folder/proxy; fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi; open_file_cache max=10;
    server { listen 127.0.0.1:$static; root $folder; }
}
CONF
taskset -c 0 nginx -c "$folder/nginx.conf" &
pids+=($!)

# OpenSSL's server, with a key of the same kind and one certificate to answer for. It speaks HTTP/1.0 and one connection at a time, which it
# closes, and wrk does not get on with that: four curls, which need a tenth of a processor, ask it without a pause instead.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$folder/theirs.key" -out "$folder/theirs.pem" \
    -subj "/CN=theirs" -days 2 2>/dev/null
printf 'V\t%s\t\t01\tunknown\t/CN=one\n' "$(date -u -d '+1 day' +%y%m%d%H%M%SZ)" >"$folder/theirs.txt"
openssl ocsp -issuer "$folder/theirs.pem" -serial 1 -no_nonce -reqout "$folder/theirs.question" >/dev/null 2>&1
taskset -c 0 openssl ocsp -index "$folder/theirs.txt" -port $theirs -rsigner "$folder/theirs.pem" -rkey "$folder/theirs.key" \
    -CA "$folder/theirs.pem" -nmin 60 -ignore_err >/dev/null 2>&1 &
pids+=($!)
for each in $(seq 200); do
    [ "$each" = 1 ] || echo next
    printf 'url = "http://127.0.0.1:%s/"\nhttp1.0\nsilent\nfail\noutput = "/dev/null"\n' $theirs
    printf 'data-binary = "@%s"\nheader = "Content-Type: application/ocsp-request"\n' "$folder/theirs.question"
done >"$folder/theirs.curl"
# theirs: notes the answers a second of OpenSSL's server.
theirs() {
    local begun end each answered clients=()
    begun=$(date +%s%N) end=$(($(date +%s%N) + seconds * 1000000000))
    : >"$folder/theirs.count"
    for each in 1 2 3 4; do
        (while [ "$(date +%s%N)" -lt "$end" ]; do
            on_second curl --config "$folder/theirs.curl" && echo 200 >>"$folder/theirs.count"
        done) &
        clients+=($!)
    done
    wait "${clients[@]}"
    answered=$(awk '{ sum += $1 } END { print sum }' "$folder/theirs.count")
    awk -v answered="$answered" -v took="$(($(date +%s%N) - begun))" 'BEGIN { printf "%.0f\n", answered * 1e9 / took }' >>"$folder/openssl.rate"
}

sleep 1

# load NAME URL [SCRIPT]: notes the answers a second and the slowest of a hundred in the files NAME.rate, NAME.p99 (µs).
cat >"$folder/report.lua" <<'LUA'
done = function(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("\nresult %.0f %.0f %d\n", summary.requests / summary.duration * 1e6, latency:percentile(99), failed))
end
LUA
cat "$folder/report.lua" >>"$folder/post.lua"
load() {
    local name=$1 url=$2 script=${3:-$folder/report.lua} result
    result=$(on_second wrk --threads 1 --connections $connections --duration "${seconds}s" --script "$script" "$url" | awk '/^result/ { print $2, $3, $4 }')
    set -- $result
    [ "$3" = 0 ] || echo "$name: $3 answers failed" >&2
    echo "$1" >>"$folder/$name.rate"
    echo "$2" >>"$folder/$name.p99"
}
most() { sort -n "$1" | tail -1; }
least() { sort -n "$1" | head -1; }
on_first openssl speed -seconds "$seconds" ecdsap256 2>/dev/null | awk '/nistp256/ { print int($(NF - 1)) }' >"$folder/signatures.rate"
for _ in $(seq $rounds); do
    load nginx "http://127.0.0.1:$static/answer"
    load get "http://127.0.0.1:$http/ocsp/$path"
    load post "http://127.0.0.1:$http/ocsp" "$folder/post.lua"
    theirs
done
# What was sent in such numbers is still right.
curl --silent --fail --data-binary "@$folder/nonced" -H 'Content-Type: application/ocsp-request' --output "$folder/signed" "http://127.0.0.1:$http/ocsp"
is_right signed nonced

of() { awk -v one="$(most "$folder/$1.rate")" -v other="$(most "$folder/$2.rate")" 'BEGIN { printf "%.2f", one / other }'; }
slower() { awk -v one="$(least "$folder/$1.p99")" -v other="$(least "$folder/$2.p99")" 'BEGIN { printf "%.2f", one / other }'; }
row() { printf '%-46s %9s/s  p99 %6s µs   %s\n' "$1" "$(most "$folder/$2.rate")" "$(least "$folder/$2.p99")" "$3"; }
printf 'server on one processor, load on another; %s octets an answer; load average %s\n' "$size" "$(cut -d' ' -f1-3 /proc/loadavg)"
row "nginx, a file of that size" nginx ""
row "npki, GET, answer kept" get "$(of get nginx) of nginx (goal 0.90); p99 $(slower get nginx) of its (goal 1.50)"
printf '%-46s %9s/s\n' "bare signatures of P-256 (openssl speed)" "$(most "$folder/signatures.rate")"
row "npki, POST, nonce, freshly signed" post "$(of post signatures) of the signatures (goal 0.70)"
printf '%-46s %9s/s                    npki: GET %s times it (goal 50), POST signed freshly %s times\n' "openssl ocsp, POST, signed" \
    "$(most "$folder/openssl.rate")" "$(of get openssl)" "$(of post openssl)"
