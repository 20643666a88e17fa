#!/usr/bin/env bash
# Install or upgrade the hub on this machine: Raspberry Pi OS or Debian, 12 or newer, 64 bits.
#
#   scripts/install-hub.sh [--sqlite] [--no-nginx] [--dry-run] [--root TREE]
#   scripts/install-hub.sh --uninstall      footage, database and settings stay
#
# Run it again at any time: it changes only what differs. Exit: 0 done, 1 or 2 it could not be done.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh
# shellcheck source=scripts/lib/setup.sh
. scripts/lib/setup.sh

engine=mariadb nginx=yes
while [ $# -gt 0 ]; do
    case $1 in
        --sqlite) engine=sqlite ;;
        --no-nginx) nginx=no ;;
        --root) root=${2:?--root takes a folder}; shift ;;
        *) common_option "$1" || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; } ;;
    esac
    shift
done
check_machine

if [ "$uninstall" = yes ]; then
    remove_units gatehouse-web.service gatehouse-jobs.service gatehouse.target
    act rm -f "$root/etc/nginx/sites-enabled/gatehouse" "$root/usr/local/bin/jobctl"
    exit 0
fi

packages=(ffmpeg=ffmpeg)
[ "$engine" = sqlite ] || packages+=(mariadbd=mariadb-server)
[ "$nginx" = no ] || packages+=(nginx=nginx-light openssl=openssl)
if here && [ "$dry_run" = no ]; then install_packages "${packages[@]}"; else say "needs: ${packages[*]#*=}"; fi

make_user gatehouse
options=()
[ -z "$root" ] || options+=(--root "$root")
[ "$dry_run" = no ] || options+=(--dry-run)
nfs/setup_nfs.sh ${options[@]+"${options[@]}"}
lay_release central/requirements.txt
if here; then act install -d -o gatehouse -g gatehouse -m 750 /var/lib/gatehouse; fi

put_once 644 root:root "$etc/hub.env" <<'END'
# Settings of the hub; all of them: docs/ref/settings.md. After a change: jobctl restart
GATEHOUSE_HOME=/var/lib/gatehouse
GATEHOUSE_SHARE=/srv/gatehouse/share
GATEHOUSE_HOST=127.0.0.1
GATEHOUSE_PORT=8000
GATEHOUSE_TRUSTED_PROXIES=127.0.0.0/8,::1/128
END
if [ "$nginx" = no ] && [ "$dry_run" = no ] && grep -q '^GATEHOUSE_HOST=127' "$root$etc/hub.env"; then
    say "Without nginx the hub answers on this machine alone. To change that: GATEHOUSE_HOST in $etc/hub.env"
fi
if [ "$engine" = mariadb ] && here; then
    if live; then act systemctl enable --now mariadb; fi
    act database/setup_database.sh --out "$etc/database.env"
fi

put 755 root:root /usr/local/bin/jobctl <<'END'
#!/bin/sh
exec /opt/gatehouse/current/scripts/jobctl "$@"
END
lay_units gatehouse-web.service gatehouse-jobs.service
if [ "$nginx" = yes ]; then
    put 644 root:root /etc/nginx/snippets/gatehouse-proxy.conf <scripts/nginx/gatehouse-proxy.conf
    put_once 644 root:root /etc/nginx/sites-available/gatehouse <scripts/nginx/gatehouse.conf
    if here; then
        if [ ! -s /etc/ssl/private/gatehouse.key ]; then
            act openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$(hostname)" \
                -addext "subjectAltName=DNS:$(hostname),DNS:$(hostname).local" \
                -keyout /etc/ssl/private/gatehouse.key -out /etc/ssl/certs/gatehouse.pem 2>/dev/null
            act chmod 600 /etc/ssl/private/gatehouse.key
        fi
        act ln -sfn ../sites-available/gatehouse /etc/nginx/sites-enabled/gatehouse
        if [ -L /etc/nginx/sites-enabled/default ]; then # Debian's welcome page; it stays available
            act rm /etc/nginx/sites-enabled/default
        fi
        act nginx -t -q
        if live; then act systemctl reload-or-restart nginx; fi
    fi
fi

# as_hub WORDS … : one of the hub's commands, as its user, with its settings.
as_hub() {
    (
        set -a
        # shellcheck source=/dev/null
        . "$etc/hub.env"
        # shellcheck source=/dev/null
        [ ! -f "$etc/database.env" ] || . "$etc/database.env"
        cd "$opt/current"
        exec runuser -u gatehouse -- venv/bin/python -m central "$@"
    )
}

if ! here || [ "$dry_run" = yes ]; then
    say "would migrate the database, mark the share, make the first admin, and start gatehouse.target"
    exit 0
fi
as_hub migrate
as_hub admin --first-run
if live; then
    systemctl enable -q gatehouse.target gatehouse-web gatehouse-jobs
    systemctl restart gatehouse.target gatehouse-web gatehouse-jobs
fi
chmod 644 /srv/gatehouse/share/.gatehouse-share
say "The hub is installed: $([ "$nginx" = yes ] && echo "https://$(hostname)/" || echo "http://127.0.0.1:8000/"). Look after it with: jobctl status, jobctl doctor"
say "Next: nfs/add_camera.sh CAMERA ADDRESS for each camera, then scripts/install-agent.sh there."
