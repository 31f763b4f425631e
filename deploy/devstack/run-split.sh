#!/usr/bin/env bash
# `make run-split`: the five services as processes of their own on one machine,
# with mutual TLS, PostgreSQL and Redis. DATABASE_URL names the database to use;
# without it the cluster is thrown away at the end. Everything listens on loopback.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/devstack/common.sh

livekit_key
start_livekit
livekit=${pids[-1]}

redis-server --port 6380 --bind 127.0.0.1 --save "" --appendonly no >"$data/redis.log" 2>&1 &
pids+=($!)

deploy/certs/make-certs "$data/certs" >/dev/null
[ -s "$data/secret.key" ] || (umask 077 && openssl rand -base64 32 >"$data/secret.key")

export DATABASE_URL=${DATABASE_URL:-$TEST_DATABASE_URL}
export SECRET_KEY_FILE=$data/secret.key SIP_REDIS_URL=redis://127.0.0.1:6380
export LIVEKIT_API_URL=${LIVEKIT_API_URL:-http://127.0.0.1:7880}
export DEVELOPMENT_LOGIN=true OPERATOR_EMAILS=${OPERATOR_EMAILS:-operator@example.org}
export TLS_CA_FILE=$data/certs/ca.crt

admin_port=9101
start_service() { # start_service NAME GRPC_ADDR
  TLS_CERT_FILE=$data/certs/$1.crt TLS_KEY_FILE=$data/certs/$1.key \
    GRPC_ADDR=$2 ADMIN_ADDR=127.0.0.1:$admin_port "$bin/parley-$1" >"$data/$1.log" 2>&1 &
  pids+=($!)
  names+=("$1") admins+=("$admin_port")
  admin_port=$((admin_port + 1))
}
names=() admins=()
start_service auth 127.0.0.1:9001
start_service room 127.0.0.1:9002
start_service telephony 127.0.0.1:9003
start_service token 127.0.0.1:9004
start_service gateway ""

wait_for http://127.0.0.1:7880/ "$livekit" livekit-server "$data/livekit.log"
for i in "${!names[@]}"; do
  wait_for "http://127.0.0.1:${admins[i]}/readyz" "${pids[i + 2]}" "parley-${names[i]}" "$data/${names[i]}.log"
done

export TLS_CERT_FILE=$data/certs/operator.crt TLS_KEY_FILE=$data/certs/operator.key
demo_trunk
as_operator="TLS_CA_FILE=data/certs/ca.crt TLS_CERT_FILE=data/certs/operator.crt TLS_KEY_FILE=data/certs/operator.key "
print_first_try "http://127.0.0.1:9101 to :9105 (/readyz, /metrics); logs in $data" "$as_operator"

wait -n "${pids[@]}"
