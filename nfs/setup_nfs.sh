#!/usr/bin/env bash
# Make this machine the server of the share. Run on the hub, as root; again at any time.
#
#   nfs/setup_nfs.sh [--share DIR] [--group NAME] [--root TREE] [--dry-run]
#
# Exit: 0 done or nothing to do, 2 it could not be done.
set -euo pipefail
# shellcheck source=nfs/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

while [ $# -gt 0 ]; do
    case $1 in
        --share) share=${2:?--share takes a folder}; shift ;;
        --group) group=${2:?--group takes a name}; shift ;;
        --root) root=${2:?--root takes a folder}; shift ;;
        --dry-run) dry_run=yes ;;
        *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
    shift
done
[[ $share = /* ]] || die "--share takes an absolute path, not $share"
[[ $share =~ ^[A-Za-z0-9/._-]+$ ]] || die "choose a path of letters, digits, dots and dashes for the share"

if here; then
    [ "$(id -u)" -eq 0 ] || [ "$dry_run" = yes ] || die "run this as root"
    missing=()
    command -v exportfs >/dev/null 2>&1 || [ -x /usr/sbin/exportfs ] || missing+=(nfs-kernel-server)
    command -v setfacl >/dev/null 2>&1 || missing+=(acl)
    if [ "${#missing[@]}" -gt 0 ]; then
        run apt-get update -qq
        run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    fi
    [ -n "$(group_id)" ] || run groupadd --system "$group"
fi

# Every camera may open it and read the marker (agents work through its handle); none may write here.
[ -d "$root$share" ] || run mkdir -p "$root$share"
[ ! -d "$root$share" ] || run chmod 2775 "$root$share"
if here && { [ -n "$(group_id)" ] || [ "$dry_run" = yes ]; }; then
    run chown "root:$group" "$share"
fi

# NFS 4.2 alone: one port, and the server learns the umask, which the folders' defaults rely on.
if put "$root/etc/nfs.conf.d/gatehouse.conf" <<'END'; then
[nfsd]
vers3=n
vers4=y
vers4.2=y
END
    say "NFS 4 alone is served"
    if here && [ -d /run/systemd/system ]; then run systemctl restart nfs-server; fi
fi
run mkdir -p "$root/etc/exports.d"
reload_exports
say "The share is $share. Next: python -m central migrate (it marks the share), then"
say "nfs/add_camera.sh CAMERA ADDRESS for each camera, then nfs/verify_nfs.sh."
