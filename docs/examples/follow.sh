#!/bin/sh
# Follow with curl alone: HOLDFAST_TOKEN=hf_… ./follow.sh http://127.0.0.1:8000 ID
# The token is read from standard input, so that it does not show in the list of processes.
set -eu
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
trap 'exit 1' INT TERM
: >"$kept/last"
while :; do
    printf 'header = "Authorization: Bearer %s"\n' "$HOLDFAST_TOKEN" |
        curl -sSN -K - -H "Last-Event-ID: $(cat "$kept/last")" -w '\nstatus: %{http_code}\n' \
            "$1/downloads/$2/stream" |
        while IFS= read -r line; do
            case $line in
                "id: "*) printf '%s' "${line#id: }" >"$kept/last" ;;
                "data: "*) printf '%s\n' "${line#data: }" ;;
                "{"*) printf '%s\n' "$line" >&2 ;;
                # What was heard to its end answers 204; what is refused is refused again.
                "status: 204") echo 0 >"$kept/end" ;;
                "status: 40"*) echo 1 >"$kept/end" ;;
            esac
            case $line in
                *'"type":"download_completed"'*) echo 0 >"$kept/end" ;;
                *'"type":"download_failed"'*) echo 1 >"$kept/end" ;;
            esac
        done || true
    if [ -e "$kept/end" ]; then
        exit "$(cat "$kept/end")"
    fi
    sleep 2
done
