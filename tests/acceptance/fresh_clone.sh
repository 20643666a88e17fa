#!/usr/bin/env bash
# A fresh clone where only git, Python and apt work: both commands of the README succeed, and the
# second start needs no network. Runs by itself, as root; not part of scripts/test.sh.
#
#   tests/acceptance/fresh_clone.sh [--only-run | --only-test] [--keep]
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
parts="run test"
keep=no
for argument in "$@"; do
    case $argument in
        --only-run) parts='run' ;;
        --only-test) parts='test' ;;
        --keep) keep=yes ;;
        *) echo "unknown option $argument" >&2; exit 2 ;;
    esac
done
[ "$(id -u)" -eq 0 ] || { echo "run this as root: it makes a tree with debootstrap" >&2; exit 2; }

say() { printf '== %s\n' "$*"; }

command -v debootstrap >/dev/null ||
    apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
cache=${GATEHOUSE_TREES:-/var/cache/gatehouse-trees}
tree=$(mktemp -d /var/tmp/gatehouse-clone.XXXXXX)

clean() {
    umount -l "$tree/tmp/footage" "$tree/dev" "$tree/proc" 2>/dev/null || true
    mountpoint -q "$tree/dev" && return # never remove the machine's own devices
    [ "$keep" = yes ] || rm -rf "$tree"
}
trap clean EXIT

if [ ! -e "$cache/bookworm.tar" ]; then
    say "making a bare Debian 12 with git, Python and certificates"
    mkdir -p "$cache"
    # shellcheck disable=SC2016 # $(REPO_URI) is apt's to fill in
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Component: main' |
        sed -n 1p)
    debootstrap --variant=minbase --include=git,python3,ca-certificates,curl,procps \
        bookworm "$cache/bookworm" "$mirror" >"$cache/log" || { tail "$cache/log"; exit 1; }
    tar -C "$cache/bookworm" -cf "$cache/bookworm.tar" .
    rm -rf "$cache/bookworm"
fi
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
if [ -d ../shared/footage ]; then
    mkdir -p "$tree/tmp/footage"
    mount --bind ../shared/footage "$tree/tmp/footage"
    passed+=("GATEHOUSE_FOOTAGE=/tmp/footage")
fi

git clone -q "$repository" "$tree/root/gatehouse"
inside=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "${passed[@]}"
    unshare --pid --fork --kill-child --mount-proc="$tree/proc"
    chroot "$tree" bash /root/gatehouse/tests/acceptance/fresh_clone_inside.sh)
say "cloned $(git rev-parse --short HEAD)"

if [[ $parts == *run* ]]; then
    say "scripts/run.sh, first start"
    "${inside[@]}" run
    say "scripts/run.sh, second start, with no network but loopback"
    unshare --net sh -c 'ip link set lo up && exec "$@"' sh "${inside[@]}" run
fi
if [[ $parts == *test* ]]; then
    say "scripts/test.sh"
    "${inside[@]}" test
fi
say "both commands succeed"
