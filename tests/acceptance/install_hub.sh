#!/usr/bin/env bash
# install-hub.sh walked through in a bare Debian 12: install, run again, serve, back up, upgrade by
# jobctl's rules, uninstall. Runs by itself, as root, where debootstrap has been (fresh_clone.sh makes
# the tree); not part of scripts/test.sh.
#
#   tests/acceptance/install_hub.sh [--keep]
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
[ "$(id -u)" -eq 0 ] || { echo "run this as root: it works in a tree of its own" >&2; exit 2; }
cache=${GATEHOUSE_TREES:-/var/cache/gatehouse-trees}
[ -e "$cache/bookworm.tar" ] || { echo "run tests/acceptance/fresh_clone.sh first: it makes the tree" >&2; exit 2; }
tree=$(mktemp -d /var/tmp/gatehouse-install.XXXXXX)
clean() {
    umount -l "$tree/dev" "$tree/proc" 2>/dev/null || true
    mountpoint -q "$tree/dev" && return # never remove the machine's own devices
    [ "${1:-}" = --keep ] || rm -rf "$tree"
}
trap 'clean "${1:-}"' EXIT
tar -C "$tree" -xf "$cache/bookworm.tar"
mount -t proc proc "$tree/proc"
mount --bind /dev "$tree/dev"
# The package tools inside find what this machine's find: same sources, certificates and settings.
mapfile -t passed < <(env | grep -E '^(PIP_|SSL_|REQUESTS_CA|CURL_CA|[a-z]+_proxy=|[A-Z]+_PROXY=)' || true)
for place in /etc/apt /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs \
    /usr/local/share/ca-certificates "$HOME/.config/pip" ${PIP_FIND_LINKS:-}; do
    [ -e "$place" ] || continue
    mkdir -p "$tree$(dirname "$place")"
    rm -rf "${tree:?}$place"
    cp -aL "$place" "$tree$place"
done
git clone -q "$repository" "$tree/root/gatehouse"
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 ${passed[@]+"${passed[@]}"} \
    unshare --pid --fork --kill-child --mount-proc="$tree/proc" \
    chroot "$tree" bash /root/gatehouse/tests/acceptance/install_hub_inside.sh
