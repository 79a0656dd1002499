#!/bin/sh
# Follow with curl alone: HOLDFAST_TOKEN=hf_… ./follow.sh http://127.0.0.1:8000 ID
# The token is read from standard input, so that it does not show in the list of processes.
set -eu
last=""
while :; do
    printf 'header = "Authorization: Bearer %s"\n' "$HOLDFAST_TOKEN" |
        curl -sSN -K - -H "Last-Event-ID: $last" "$1/downloads/$2/stream" |
        while IFS= read -r line; do
            case $line in
                "id: "*) printf '%s' "${line#id: }" >"${TMPDIR:-/tmp}/holdfast-last.$$" ;;
                "data: "*) printf '%s\n' "${line#data: }" ;;
            esac
            case $line in
                *'"type":"download_completed"'* | *'"type":"download_failed"'*)
                    : >"${TMPDIR:-/tmp}/holdfast-end.$$" ;;
            esac
        done
    last=$(cat "${TMPDIR:-/tmp}/holdfast-last.$$" 2>/dev/null || true)
    if [ -e "${TMPDIR:-/tmp}/holdfast-end.$$" ]; then
        rm -f "${TMPDIR:-/tmp}/holdfast-last.$$" "${TMPDIR:-/tmp}/holdfast-end.$$"
        exit 0
    fi
    sleep 2
done
