#!/usr/bin/env bash
# Look whether the share is served as it should be. Run on the hub. Changes nothing.
#
#   nfs/verify_nfs.sh [--share DIR] [--group NAME] [--root TREE]
#
# One line for each thing looked at. Exit: 0 all is well, 1 something is wrong, 2 wrong usage.
set -euo pipefail
# shellcheck source=nfs/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

while [ $# -gt 0 ]; do
    case $1 in
        --share) share=${2:?--share takes a folder}; shift ;;
        --group) group=${2:?--group takes a name}; shift ;;
        --root) root=${2:?--root takes a folder}; shift ;;
        *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
    shift
done

wrong=0
good() { printf 'ok     %s\n' "$1"; }
bad() { printf 'WRONG  %s. Mend: %s\n' "$1" "$2"; wrong=1; }
there=$root$share

if [ -d "$there" ]; then
    good "the share is at $share"
    if [ -f "$there/.gatehouse-share" ]; then
        good "it is marked: $(tr -cd 'a-f0-9-' <"$there/.gatehouse-share" | tail -c 36)"
    else
        bad "it has no marker: agents will not write" "mount its disk, or: python -m central migrate"
    fi
    case $(stat -c %A "$there") in
        d???????w*) bad "everybody may write to $share" "chmod o-w $share" ;;
        d??????-?? | d????????[-T]) bad "cameras may not open $share" "chmod o+rx $share" ;;
        *) good "cameras may enter it, and not write beside their folders" ;;
    esac
    free=$(df --output=pcent "$there" | tail -n 1 | tr -dc 0-9)
    if [ "$free" -le 90 ]; then
        good "$((100 - free)) % of its disk is free"
    else
        bad "only $((100 - free)) % of its disk is free" "python -m central retention show"
    fi
else
    bad "there is no share at $share" "nfs/setup_nfs.sh"
fi

while read -r camera uid address; do
    folder=$there/$camera
    if [ ! -d "$folder" ]; then
        bad "$camera has no folder" "nfs/add_camera.sh $camera $address"
    elif [ "$(stat -c %u "$folder")" != "$uid" ]; then
        bad "$camera's folder is not its own" "nfs/add_camera.sh $camera $address"
    elif [ "$(stat -c %a "$folder")" != 2770 ]; then
        bad "$camera's folder is open to others, or closed to the hub" "nfs/add_camera.sh $camera $address"
    else
        good "$camera owns its folder"
    fi
    if grep -qsF "$share $address(rw,sync,no_subtree_check,all_squash,anonuid=$uid,anongid=$uid)" \
        "$(exports_of "$camera")"; then
        good "$camera at $address has its export"
    else
        bad "$camera's export is missing or changed" "nfs/add_camera.sh $camera $address"
    fi
done < <(cameras)
for double in $(cameras | awk '{ print $2 }' | sort | uniq -d); do
    bad "two cameras are user $double" "remove one from $(table) and add it again"
done
[ -n "$(cameras)" ] || bad "no camera may use the share yet" "nfs/add_camera.sh CAMERA ADDRESS"

if here; then
    if command -v exportfs >/dev/null 2>&1 || [ -x /usr/sbin/exportfs ]; then
        served=$(PATH=$PATH:/usr/sbin exportfs -s 2>/dev/null | grep -c "^$share " || true)
        wanted=$(cameras | wc -l)
        if [ "$served" -ge "$wanted" ]; then
            good "the kernel serves it to $served cameras"
        else
            bad "the kernel serves it to $served of $wanted cameras" "systemctl restart nfs-server"
        fi
    else
        bad "the NFS server is not installed" "nfs/setup_nfs.sh"
    fi
fi
exit "$wrong"
