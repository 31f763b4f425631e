# Shared by run.sh and run-split.sh: a LiveKit dev server on loopback, and the
# end of everything that was started.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=${DATA_DIR:-$root/data}
bin=$root/bin
pids=()

stop_all() {
  trap - EXIT INT TERM
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill "${pids[i]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$data"
chmod 700 "$data"

# LiveKit's API key is made once for this data directory, so that no secret is in the repository.
livekit_key() {
  [ -s "$data/livekit.secret" ] || (umask 077 && openssl rand -hex 32 >"$data/livekit.secret")
  export LIVEKIT_API_KEY=devkey LIVEKIT_API_SECRET_FILE=$data/livekit.secret
  export LIVEKIT_URL=${LIVEKIT_URL:-ws://127.0.0.1:7880}
}

# livekit_config prints the dev server's configuration.
livekit_config() {
  cat <<EOF
port: 7880
bind_addresses: [127.0.0.1]
rtc:
  udp_port: 7882
  tcp_port: 0 # it would listen on every interface
  use_external_ip: false
  node_ip: 127.0.0.1
  interfaces: {includes: [lo]}
  enable_loopback_candidate: true # else it takes media nowhere
room:
  enable_remote_unmute: true
webhook:
  api_key: $LIVEKIT_API_KEY
  urls: [http://127.0.0.1:8080/api/v1.0/rooms/webhooks-livekit/]
keys:
  $LIVEKIT_API_KEY: $(cat "$data/livekit.secret")
logging: {level: warn}
EOF
}

start_livekit() {
  (umask 077 && livekit_config >"$data/livekit.yaml")
  "$bin/livekit-server" --config "$data/livekit.yaml" >"$data/livekit.log" 2>&1 &
  pids+=($!)
}

# wait_for URL PID NAME LOG: until it answers, or its process has ended.
wait_for() {
  for _ in $(seq 300); do
    curl -fsS -o /dev/null "$1" 2>/dev/null && return 0
    kill -0 "$2" 2>/dev/null || { echo "$3 ended at start; the end of $4:" >&2; tail -n 20 "$4" >&2; exit 1; }
    sleep 0.1
  done
  echo "$3 does not answer at $1; see $4" >&2
  exit 1
}

# demo_trunk: a trunk with one number, on the first run. The number is from the
# range that France reserves for fiction.
demo_number=+33199000123
demo_trunk() {
  "$bin/parley" trunk list --json | grep -q '"id"' ||
    "$bin/parley" trunk create --name "Demo" --number "$demo_number" --source 127.0.0.0/8 >/dev/null
}

print_first_try() {
  cat <<EOF

Parley runs. Ctrl-C ends it.

  REST, log-in, docs   http://127.0.0.1:8080  (docs: http://127.0.0.1:8080/docs)
  health and metrics   $1
  LiveKit              $LIVEKIT_URL
  demo number          $demo_number

A first thing to try, in a second terminal, in this directory:

  curl -sL -c cookies.txt -o /dev/null 'http://127.0.0.1:8080/api/v1.0/authenticate/?login_hint=ada.lovelace@example.org&returnTo=/'
  curl -s -b cookies.txt -H "X-CSRFToken: \$(awk '\$6=="csrftoken"{print \$7}' cookies.txt)" \\
       -H 'Content-Type: application/json' -d '{"name":"first-meeting"}' http://127.0.0.1:8080/api/v1.0/rooms/
  $2bin/parley pin show first-meeting
  bin/parley call simulate --to $demo_number --pin "\$($2bin/parley pin show first-meeting --digits)"

EOF
}
