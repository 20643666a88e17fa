#!/usr/bin/env bash
# Let one camera onto the share: a folder and an identity of its own. Run on the hub, as root.
#
#   nfs/add_camera.sh CAMERA ADDRESS [--share DIR] [--group NAME] [--root TREE] [--dry-run]
#   nfs/add_camera.sh CAMERA --remove       withdraws the export; the footage stays
#
# CAMERA is the camera's id, ADDRESS its address or host name. Exit: 0 done, 2 it could not be done.
set -euo pipefail
# shellcheck source=nfs/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
camera='' address='' remove=no
while [ $# -gt 0 ]; do
    case $1 in
        --share) share=${2:?--share takes a folder}; shift ;;
        --group) group=${2:?--group takes a name}; shift ;;
        --root) root=${2:?--root takes a folder}; shift ;;
        --dry-run) dry_run=yes ;;
        --remove) remove=yes ;;
        -*) usage ;;
        *) if [ -z "$camera" ]; then camera=$1; elif [ -z "$address" ]; then address=$1; else usage; fi ;;
    esac
    shift
done
[ -n "$camera" ] || usage
[[ $camera =~ ^[A-Za-z0-9_]{1,50}$ ]] || die "$camera is no camera id: use 1–50 of A–Z, a–z, 0–9 and _"
! here || [ "$(id -u)" -eq 0 ] || [ "$dry_run" = yes ] || die "run this as root"

if [ "$remove" = yes ]; then
    run rm -f "$(exports_of "$camera")"
    cameras | grep -v "^$camera " | put "$(table)" || true
    reload_exports
    say "$camera may no longer use the share. Its footage stays in $share/$camera."
    exit 0
fi

is_address "$address" || die "$address is no address or host name"
[ -d "$root$share" ] || [ "$dry_run" = yes ] || die "there is no share at $share: run nfs/setup_nfs.sh first"
taken=$(cameras | awk -v a="$address" -v c="$camera" '$3 == a && $1 != c { print $1 }')
[ -z "$taken" ] || die "$address is $taken's: the address is a camera's identity, two cannot share one"

uid=$(cameras | awk -v c="$camera" '$1 == c { print $2 }')
if [ -z "$uid" ]; then
    uid=$(cameras | awk -v n="$first_uid" '$2 >= n { n = $2 + 1 } END { print n }')
fi
{ cameras | grep -v "^$camera " || true; echo "$camera $uid $address"; } | put "$(table)" || true

# The camera owns its folder; the hub's group may read and remove in it, also in folders that the
# camera makes later (hence the defaults); other cameras may not even look.
folder=$root$share/$camera
[ -d "$folder" ] || run mkdir "$folder"
if [ "$(id -u)" -eq 0 ]; then
    if [ -n "$(group_id)" ]; then run chown "$uid:$(group_id)" "$folder"; else run chown "$uid" "$folder"; fi
fi
run chmod 2770 "$folder"
if [ -n "$(group_id)" ] && command -v setfacl >/dev/null 2>&1; then
    run setfacl -m "d:u::rwx,d:g::rwx,d:g:$group:rwx,d:o::-" "$folder"
elif here; then
    say "without the acl package the hub may be unable to remove old footage: run nfs/setup_nfs.sh"
fi

if put "$(exports_of "$camera")" <<END; then
$share $address(rw,sync,no_subtree_check,all_squash,anonuid=$uid,anongid=$uid)
END
    reload_exports
fi
say "$camera at $address writes to $share/$camera as user $uid."
say "On the camera, in /etc/fstab (install-agent.sh does it):"
say "  HUB:$share $share nfs4 nfsvers=4.2,hard,noatime,_netdev,nofail,x-systemd.automount,x-systemd.mount-timeout=15 0 0"
