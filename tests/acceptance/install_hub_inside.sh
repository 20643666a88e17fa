#!/usr/bin/env bash
# The inside of install_hub.sh.
set -euo pipefail
cd /root/gatehouse
fail() { printf 'FAILED: %s\n' "$*" >&2; tail -n 40 /root/log >&2; exit 1; }
say() { printf '   %s\n' "$*"; }

state() { find /opt/gatehouse/releases /etc/gatehouse /etc/systemd/system /etc/nginx/sites-available \
    -maxdepth 1 -printf '%p %m %u %s\n' | sort; }

scripts/install-hub.sh --sqlite --dry-run >/root/log 2>&1 || fail "the dry run"
[ ! -e /opt/gatehouse ] || fail "the dry run made something"
begun=$SECONDS
scripts/install-hub.sh --sqlite >/root/log 2>&1 || fail "install-hub.sh"
say "installed after $((SECONDS - begun)) s"
grep -q 'admin password: ' /root/log || fail "no password was shown"
[ "$(stat -c %U /var/lib/gatehouse/gatehouse.db)" = gatehouse ] || fail "the database is not the hub's"
[ "$(stat -c '%a %G' /srv/gatehouse/share)" = "2775 gatehouse" ] || fail "the share is $(stat -c '%a %G' /srv/gatehouse/share)"
id -nG gatehouse | grep -qw root && fail "the hub's user is in root's group"
[ "$(getent passwd gatehouse | cut -d: -f7)" = /usr/sbin/nologin ] || fail "the hub's user has a shell"

before=$(state)
scripts/install-hub.sh --sqlite >/root/log 2>&1 || fail "install-hub.sh, second time"
[ "$(state)" = "$before" ] || fail "the second time changed: $(diff <(echo "$before") <(state))"
grep -q 'admin password: ' /root/log && fail "the second time shows a password"
say "run again: nothing changed"

runuser -u gatehouse -- env -C /opt/gatehouse/current GATEHOUSE_HOME=/var/lib/gatehouse \
    GATEHOUSE_SHARE=/srv/gatehouse/share venv/bin/python -m central serve >/root/log 2>&1 &
hub=$!
for _try in $(seq 60); do
    curl -s --max-time 2 http://127.0.0.1:8000/health | grep -q '"healthy"' && break
    sleep 1
done
curl -s http://127.0.0.1:8000/health | grep -q '"healthy"' || fail "the hub is not healthy"
nginx || fail "nginx does not start"
[ "$(curl -sk https://127.0.0.1/health | grep -c healthy)" = 1 ] || fail "nothing behind nginx"
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/login)" = 301 ] || fail "http is not sent to https"
say "it serves as an unprivileged user, behind nginx with TLS"

mkdir -p /run/systemd/system # jobctl then speaks of units; there is no systemd here to ask
/usr/local/bin/jobctl backup >/root/log 2>&1 || fail "jobctl backup"
[ -n "$(find /var/lib/gatehouse/backups -name backup.json -user gatehouse)" ] || fail "no backup"
/usr/local/bin/jobctl check >/root/log 2>&1 || fail "jobctl check"
rmdir /run/systemd/system
say "jobctl backs up and checks with the hub's user and settings"

nfs/add_camera.sh front 127.0.0.1 >/root/log 2>&1 || fail "add_camera.sh"
[ "$(stat -c '%u %G %a' /srv/gatehouse/share/front)" = "61001 gatehouse 2770" ] || fail "the camera's folder"
kill "$hub"; wait "$hub" || true
nginx -s stop
scripts/install-hub.sh --uninstall >/root/log 2>&1 || fail "--uninstall"
for gone in /opt/gatehouse /etc/systemd/system/gatehouse-web.service; do
    [ ! -e "$gone" ] || fail "$gone is left"
done
for kept in /var/lib/gatehouse/gatehouse.db /etc/gatehouse/hub.env; do
    [ -s "$kept" ] || fail "$kept is gone"
done
say "uninstalled; data, settings and footage stay"
scripts/install-hub.sh --sqlite >/root/log 2>&1 || fail "install-hub.sh after uninstalling"
grep -q 'admin password: ' /root/log && fail "the data was not found again"
say "installed again: it goes on with what was there"
