#!/usr/bin/env bash
# Make Gatehouse's database and its least-privileged user on a MariaDB server. Safe to run again.
#
#   setup_database.sh [--dry-run] [--database NAME] [--user NAME] [--out FILE] [-- MARIADB OPTIONS]
#
# Writes GATEHOUSE_DATABASE_URL to FILE (0600). Options after `--` go to the `mariadb` client, which
# connects as an administrator; without any it uses the local socket as root.
set -euo pipefail

database=gatehouse
user=gatehouse
out=/etc/gatehouse/database.env
dry_run=no

die() { printf '%s\n' "$*" >&2; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) dry_run=yes ;;
        --database) database=${2:?--database needs a name}; shift ;;
        --user) user=${2:?--user needs a name}; shift ;;
        --out) out=${2:?--out needs a file}; shift ;;
        --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
        --) shift; break ;;
        *) die "unknown option $1; see --help" ;;
    esac
    shift
done
for name in "$database" "$user"; do
    [[ $name =~ ^[A-Za-z0-9_]{1,64}$ ]] || die "'$name' is no name: use A–Z, a–z, 0–9 and _"
done

client=(mariadb --batch --skip-column-names "$@")
command -v mariadb >/dev/null || die "the mariadb client is missing: apt install mariadb-client"

version=$("${client[@]}" -e 'SELECT VERSION()') || die "the server does not answer; see above"
case $version in
    *MariaDB*) ;;
    *) die "this server is $version; Gatehouse needs MariaDB 10.6 or newer" ;;
esac
number=${version%%-*}
major=${number%%.*}
minor=${number#*.}
minor=${minor%%.*}
if [ "$major" -lt 10 ] || { [ "$major" -eq 10 ] && [ "$minor" -lt 6 ]; }; then
    die "MariaDB $number is too old: 10.6 brought SKIP LOCKED, without which workers double work"
fi
port=$("${client[@]}" -e 'SELECT @@port')

if [ -s "$out" ]; then
    password=$(sed -n "s#^GATEHOUSE_DATABASE_URL=mysql+pymysql://$user:\([A-Za-z0-9]*\)@.*#\1#p" "$out")
fi
: "${password:=$(head -c 48 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' | head -c 32)}"

# DDL for migrations, DML for the rest; no GRANT, no FILE, no other database but the one in which
# migrations are rehearsed; this machine only.
statements="CREATE DATABASE IF NOT EXISTS \`$database\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE USER IF NOT EXISTS '$user'@'localhost' IDENTIFIED BY '$password';
CREATE USER IF NOT EXISTS '$user'@'127.0.0.1' IDENTIFIED BY '$password';
ALTER USER '$user'@'localhost' IDENTIFIED BY '$password', '$user'@'127.0.0.1' IDENTIFIED BY '$password';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES, LOCK TABLES
    ON \`$database\`.* TO '$user'@'localhost', '$user'@'127.0.0.1';
GRANT ALL ON \`${database//_/\\_}\\_rehearsal\`.* TO '$user'@'localhost', '$user'@'127.0.0.1';"
url="mysql+pymysql://$user:$password@127.0.0.1:$port/$database"

if [ "$dry_run" = yes ]; then
    printf '%s\n' "Would run:" "${statements//$password/(the password)}" \
        "Would write GATEHOUSE_DATABASE_URL to $out"
else
    # Through stdin: arguments can be read by everybody on this machine.
    "${client[@]}" <<<"$statements"
    mkdir -p "$(dirname "$out")"
    (umask 077 && printf 'GATEHOUSE_DATABASE_URL=%s\n' "$url" >"$out.part")
    mv "$out.part" "$out"
    echo "Database $database is ready; its address is in $out (readable by its owner only)."
    echo "Next:  set -a; . $out; set +a; python -m central migrate"
fi

advise() { # advise VARIABLE WANTED REASON
    local now
    now=$("${client[@]}" -e "SELECT @@$1")
    [ "$now" = "$2" ] || echo "Advice: set $1=$2 in the server's configuration (now $now): $3"
}
advise innodb_flush_log_at_trx_commit 1 "less loses events in a power cut"
advise innodb_doublewrite 1 "protects against half-written pages"
advise skip_networking 0 "the hub connects over 127.0.0.1"
