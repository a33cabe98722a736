#!/usr/bin/env bash
# How fast lists of identities are imported, and in how much memory: made-up people, by the real programs.
#
#   bash tests/import.sh ROWS [born] [sled|postgres]...
#
# Without an engine both are measured. With "born" the people have birth dates, so that each is held against all before it
# (npki's check of duplicates), and the check is then timed alone: 2 000 further people, tried one at a time. Prints a table;
# leaves nothing. The programs are those of a release build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rows=${1:?how many rows}
shift
born=
[ "${1:-}" != born ] || { born=yes; shift; }
engines=("$@")
[ $# -gt 0 ] || engines=(sled postgres)
cargo build --quiet --release --locked -p cli --bin npki
npki="$(realpath "${CARGO_TARGET_DIR:-target}")/release/npki"
# On a disk: a temporary folder is often memory, which flushes nothing.
folder=$(mktemp -d -p "${NPKI_IMPORT_FOLDER:-$(dirname "$(dirname "$npki")")}")
chmod 755 "$folder"
server='' cluster=''
cleanup() {
    [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
    [ -z "$cluster" ] || as_postgres "$programs/pg_ctl" -D "$cluster" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap cleanup EXIT
now() { date +%s.%N; }
say() { printf '%s\t%s\n' "$@"; }
as_postgres() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

begun=$(now)
dd if=/dev/zero of="$folder/flushed" bs=4k count=500 oflag=dsync status=none
say "the disk" "$(awk -v from="$begun" -v to="$(now)" 'BEGIN { printf "%.0f flushed writes of 4 KiB a second", 500 / (to - from) }')"
rm "$folder/flushed"

# people FROM UNTIL: their list. Those who are born have names as unevenly spread as a country's (the n-th as frequent as
# 1 / n^0.8, of 3 000 surnames and 1 000 given names), and birth dates of eighty years.
people() {
    awk -v from="$1" -v until="$2" -v born="$born" 'BEGIN {
        split("Mokoena Nthunya Lerotholi Ramaema Mohapi Letsie Molapo Sekhonyana Tau Khaketla", surnames, " ")
        split("Thabo Palesa Teboho Mpho Lineo Tumelo Limpho Rethabile Katleho Neo", names, " ")
        if (born) {
            split("mo le sa tha ko ne li pu tse ra kho ma bo nya hla lo phe si", syllables, " ")
            srand(7); for (i = 11; i <= 3000; i++) surnames[i] = made_up()
            for (i = 11; i <= 1000; i++) names[i] = made_up()
            for (i = 1; i <= 3000; i++) { surname_sum += i ^ -0.8; surname_upto[i] = surname_sum }
            for (i = 1; i <= 1000; i++) { name_sum += i ^ -0.8; name_upto[i] = name_sum }
            srand(from + 1)
        }
        printf "surname,given_name,identifier,email_addresses%s\n", born ? ",birth_date" : ""
        for (i = from; i < until; i++) {
            if (!born) printf "%s,%s %s,PNOLS-%012d,person%d@example.ls\n", surnames[i % 10 + 1],
                names[int(i / 10) % 10 + 1], names[int(i / 100) % 10 + 1], i, i
            else printf "%s,%s %s,PNOLS-%012d,person%d@example.ls,%d-%02d-%02d\n", surnames[drawn(surname_upto, 3000)],
                names[drawn(name_upto, 1000)], names[drawn(name_upto, 1000)], i, i, 1940 + rand() * 80, 1 + rand() * 12, 1 + rand() * 28
        }
    }
    function made_up(    text, k) {
        for (k = 0; k < 4; k++) text = text syllables[int(rand() * 18) + 1]
        return toupper(substr(text, 1, 1)) substr(text, 2)
    }
    function drawn(upto, count,    low, high, middle, at) {
        at = rand() * upto[count]; low = 1; high = count
        while (low < high) { middle = int((low + high) / 2); if (upto[middle] < at) low = middle + 1; else high = middle }
        return low
    }'
}
people 0 "$rows" >"$folder/people.csv"
say "the list" "$rows rows, $(du -h --apparent-size "$folder/people.csv" | cut -f1)"

# peak PROCESS: the most resident memory it ever had.
peak() { awk '/VmHWM/ { print int($2 / 1024) " MiB" }' "/proc/$1/status"; }
seconds_of() { awk '{ print ($14 + $15) / 100 }' "/proc/$1/stat"; }

start_cluster() {
    programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
    [ -n "$programs" ] || programs=$(dirname "$(command -v initdb)")
    cluster="$folder/cluster"
    mkdir "$cluster"
    [ "$(id -u)" != 0 ] || chown postgres "$cluster"
    as_postgres "$programs/initdb" -D "$cluster" -A trust -U postgres -E UTF8 --no-locale >/dev/null
    as_postgres "$programs/pg_ctl" -D "$cluster" -w -l "$cluster/log" \
        -o "-c listen_addresses='' -k $cluster -p 18432 -c max_wal_size=4GB -c shared_buffers=512MB" start >/dev/null
    store="postgres://postgres@$(printf %s "$cluster" | sed 's,/,%2F,g'):18432/postgres"
}

# check_alone: how long it takes to hold one person against all, tried over one connection as an import tries them.
check_alone() {
    people "$rows" $((rows + 2000)) | awk -F, -v url="https://localhost:18743/v1/identities/import" -v head="${home}/officer" -v trust="$trust" 'NR > 1 {
        if (NR > 2) print "next"
        printf "url = %s\ncacert = %s\ncert = %s/chain.pem\nkey = %s/key.pem\nsilent\nfail\noutput = /dev/null\n", url, trust, head, head
        print "header = \"Content-Type: application/json\""
        print "write-out = \"%{time_total} %{time_pretransfer} %{http_code}\\n\""
        body = sprintf("{\"source\":\"%064x\",\"dry_run\":true,\"rows\":[{\"row\":1,\"identity\":{\"kind\":\"person\",\"surname\":\"%s\",\"given_name\":\"%s\",\"identifier\":\"%s\",\"birth_date\":\"%s\"}}]}", NR, $1, $2, $3, $5)
        gsub(/"/, "\\\"", body); printf "data = \"%s\"\n", body
    }' >"$folder/asked"
    curl --config "$folder/asked" | awk '$3 == 200 { printf "%.3f\n", ($1 - $2) * 1000 }' | sort -n >"$folder/taken"
    [ "$(wc -l <"$folder/taken")" = 2000 ] || { echo "some were not tried" >&2; exit 1; }
    say "  one tried against all, over HTTPS" "$(awk '{ taken[NR] = $1 } END { printf "median %.2f ms, 95 %% %.2f ms, 99 %% %.2f ms, most %.2f ms", taken[1000], taken[1900], taken[1980], taken[2000] }' "$folder/taken")"
}

measure() {
    local engine=$1 data="$folder/$1" store='' home="$folder/home-$1" https=18743 http=18780 from to
    [ "$engine" = sled ] || start_cluster
    cp "$folder/people.csv" "$folder/$engine.csv"
    export NPKI_CONFIG_DIR="$home"
    "$npki" --no-input init --data "$data" --listen 127.0.0.1:$https --public-listen 127.0.0.1:$http \
        --public-url http://127.0.0.1:$http ${store:+--store "$store"} >/dev/null
    "$npki" serve --data "$data" >"$folder/log" 2>&1 &
    server=$!
    local trust="$data/certificates/anchors.pem"
    until curl --silent --fail --cacert "$trust" "https://localhost:$https/readyz" >/dev/null; do
        kill -0 "$server" || { cat "$folder/log"; exit 1; }
        sleep 0.1
    done
    context() { "$npki" --no-input context add "$1" --url https://localhost:$https --trust "$trust" --cert "$2" --key "$3" >/dev/null; }
    context administrator "$data/admin/cert.pem" "$data/admin/key.pem"
    "$npki" --no-input --context administrator staff add --name Officer --role officer --generate --out "$home/officer" >/dev/null
    context officer "$home/officer/chain.pem" "$home/officer/key.pem"
    from=$(now)
    "$npki" --no-input --context officer registry import "$folder/$engine.csv" --kind person >"$folder/said" &
    local importer=$! memory=''
    while memory=$(peak "$importer" 2>/dev/null) && [ -n "$memory" ]; do
        importer_memory=$memory
        sleep 0.2
    done
    # Some of those who are born look like others: an officer would be asked, which is no failure here.
    wait "$importer" || [ -n "$born" ] || { cat "$folder/said"; exit 1; }
    to=$(now)
    say "$engine" "$(cat "$folder/said" | head -1)"
    say "  durable" "$(awk -v from="$from" -v to="$to" -v rows="$rows" 'BEGIN { printf "%.0f rows a second (%.1f s)", rows / (to - from), to - from }')"
    say "  memory, at most" "service $(peak "$server"), importer $importer_memory"
    say "  processor time of the service" "$(seconds_of "$server") s"
    say "  on disk" "$(du -sh "${cluster:-$data/store}" | cut -f1)"
    # The second time writes its own list of those it refuses.
    [ -z "$born" ] || { check_alone; rm -f "$folder/$engine.refused.csv"; }
    from=$(now)
    "$npki" --no-input --context officer registry import "$folder/$engine.csv" --kind person >"$folder/said" || [ -n "$born" ]
    say "  the same list again" "$(head -1 "$folder/said"), $(awk -v from="$from" -v to="$(now)" 'BEGIN { printf "%.1f s", to - from }')"
    kill "$server" && wait "$server" || true
    server=''
    if [ -n "$cluster" ]; then
        as_postgres "$programs/pg_ctl" -D "$cluster" -m fast stop >/dev/null
        rm -rf "$cluster"
        cluster=''
    fi
}
say "processors" "$(nproc), load before $(cut -d' ' -f1 /proc/loadavg)"
for engine in "${engines[@]}"; do measure "$engine"; done
