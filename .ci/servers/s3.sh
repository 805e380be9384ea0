#!/usr/bin/env bash
# A temporary S3 server on loopback: versitygw (Apache-2.0, a Go module) over a folder, with
# versions and object lock. Its keys are test and testtesttest. With VGW_CERT and VGW_KEY, files in
# PEM, it uses TLS.
#   s3.sh install | start | stop | clean
set -euo pipefail
version=v1.8.0
root=${S3_ROOT:-${TMPDIR:-/tmp}/qianshao-servers/s3} port=${S3_PORT:-18880}
bin=${S3_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/qianshao-ci/versitygw-$version}

start() {
	mkdir -p "$root/data" "$root/versions"
	cd "$root"
	ROOT_ACCESS_KEY=test ROOT_SECRET_KEY=testtesttest setsid nohup "$bin/versitygw" --port "127.0.0.1:$port" \
		posix --versioning-dir "$root/versions" "$root/data" >"$root/log" 2>&1 </dev/null &
	echo $! >"$root/pid"
	for ((t = 0; t < 100; t++)); do
		kill -0 "$(cat "$root/pid")" 2>/dev/null || break
		curl -sk -o /dev/null "http${VGW_CERT:+s}://127.0.0.1:$port/" && return
		sleep 0.1
	done
	cat "$root/log"
	return 1
}

stop() {
	[ -e "$root/pid" ] || return 0
	local pid
	pid=$(cat "$root/pid")
	rm "$root/pid"
	kill "$pid" 2>/dev/null && tail --pid="$pid" -f /dev/null || true
}

case ${1:-} in
install) [ -x "$bin/versitygw" ] || GOBIN=$bin CGO_ENABLED=0 go install "github.com/versity/versitygw/cmd/versitygw@$version" ;;
start) start ;;
stop) stop ;;
clean) stop && rm -rf "$root" ;;
*) sed -n 5p "$0" && exit 2 ;;
esac
