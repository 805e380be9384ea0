#!/usr/bin/env bash
# A temporary PostgreSQL on loopback, from Debian's package or as already installed. It has the user
# test without a password, the database test, and C collation. With PG_CERT and PG_KEY, files in
# PEM, it accepts only TLS, and asks for the password PGPASSWORD.
#   postgres.sh install | start | stop [immediate] | clean
set -euo pipefail
root=${PG_ROOT:-${TMPDIR:-/tmp}/qianshao-servers/postgres} port=${PG_PORT:-18860}
bin=$(ls -d ${PG_BIN:-/usr/lib/postgresql/*/bin} 2>/dev/null | sort -V | tail -1)
as=()                                                                                        # PostgreSQL refuses to run as root
[ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$root") # as nobody, in case it has no account of its own

install() {
	[ -z "$bin" ] || return 0
	apt-get update -qq
	# The package must not start a server of its own, which would hold a port of the machine.
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
}

create() {
	mkdir -p "$root"
	[ ${#as[@]} -eq 0 ] || chown 65534:65534 "$root"
	local login=(-A trust)
	if [ -n "${PG_CERT:-}" ]; then
		echo "$PGPASSWORD" >"$root/password"
		command install -m 644 "$PG_CERT" "$root/server.pem"
		command install -m 600 "$PG_KEY" "$root/server.key"
		[ ${#as[@]} -eq 0 ] || chown 65534:65534 "$root/server.key"
		login=(-A scram-sha-256 --pwfile "$root/password")
	fi
	"${as[@]}" "$bin/initdb" -D "$root/data" -U test "${login[@]}" -E UTF8 --no-locale >"$root/initdb.log"
	cat >>"$root/data/postgresql.conf" <<-P
		shared_buffers = 256MB
		max_connections = 200
		# Commits must survive the death of the server, for which fsync is not needed, but not that
		# of the machine.
		fsync = ${PG_FSYNC:-off}
	P
	[ -n "${PG_CERT:-}" ] || return 0
	printf '%s\n' 'ssl = on' "ssl_cert_file = '$root/server.pem'" "ssl_key_file = '$root/server.key'" >>"$root/data/postgresql.conf"
	sed -i 's/^host /hostssl /' "$root/data/pg_hba.conf"
}

start() {
	[ -e "$root/data" ] || create
	cd "$root" # a folder that the server can read
	"${as[@]}" "$bin/pg_ctl" -s -w -D "$root/data" -l "$root/log" -o "-p $port -h 127.0.0.1 -k $root" start
	"$bin/psql" -h 127.0.0.1 -p "$port" -U test -d postgres -XAtc "SELECT 1 FROM pg_database WHERE datname = 'test'" | grep -q 1 ||
		"$bin/createdb" -h 127.0.0.1 -p "$port" -U test test
}

stop() {
	[ ! -e "$root/data/postmaster.pid" ] || (cd "$root" && "${as[@]}" "$bin/pg_ctl" -s -w -D "$root/data" -m "${1:-fast}" stop)
}

case ${1:-} in
install) install ;;
start) start ;;
stop) stop "${2:-fast}" ;;
clean) stop immediate && rm -rf "$root" ;;
*) sed -n 5p "$0" && exit 2 ;;
esac
