#!/usr/bin/env bash
# `make run`: the suite in one process, with a LiveKit dev server. Everything
# listens on loopback; data is kept in ./data.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/devstack/common.sh

livekit_key
start_livekit
livekit=${pids[-1]}
export DATA_DIR=$data OPERATOR_EMAILS=${OPERATOR_EMAILS:-operator@example.org}
export LIVEKIT_API_URL=${LIVEKIT_API_URL:-http://127.0.0.1:7880}

"$bin/parley" serve &
pids+=($!)
parley=${pids[-1]}
wait_for http://127.0.0.1:7880/ "$livekit" livekit-server "$data/livekit.log"
wait_for http://127.0.0.1:9100/readyz "$parley" parley /dev/null
demo_trunk
print_first_try http://127.0.0.1:9100/metrics ""

wait -n "${pids[@]}" # whichever ends first ends the rest
