#!/usr/bin/env bash
# Try the share from a camera: mounted as it should be? write, read, rename, delete; and how fast.
#
#   nfs/test_nfs_mount.sh CAMERA [--share DIR] [--any-filesystem] [--limit SECONDS]
#
# Leaves nothing behind. Ends within the limit (60 s) even when the server is silent.
# Exit: 0 all is well, 1 something is wrong, 2 wrong usage, 3 no answer in time.
set -euo pipefail
# shellcheck source=nfs/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
camera='' any=no limit=60 inside=no
while [ $# -gt 0 ]; do
    case $1 in
        --share) share=${2:?--share takes a folder}; shift ;;
        --limit) limit=${2:?--limit takes seconds}; shift ;;
        --any-filesystem) any=yes ;;
        --inside) inside=yes ;;
        -*) usage ;;
        *) [ -z "$camera" ] || usage; camera=$1 ;;
    esac
    shift
done
[[ $camera =~ ^[A-Za-z0-9_]{1,50}$ ]] || usage
[[ $limit =~ ^[1-9][0-9]*$ ]] || usage

if [ "$inside" = no ]; then
    # A hung NFS cannot be interrupted, only left: the touching is done by a child.
    options=(--share "$share" --inside)
    [ "$any" = no ] || options+=(--any-filesystem)
    code=0
    timeout --kill-after=1 "$limit" "$0" "$camera" "${options[@]}" || code=$?
    if [ "$code" -ge 124 ]; then
        say "WRONG  the share did not answer within $limit s. Mend: is the hub on? ping it; then: systemctl restart remote-fs.target"
        exit 3
    fi
    exit "$code"
fi

wrong=0
good() { printf 'ok     %s\n' "$1"; }
bad() { printf 'WRONG  %s. Mend: %s\n' "$1" "$2"; wrong=1; }
now_ms() { date +%s%3N; }

: 2>/dev/null <"$share/." || true # an automount mounts upon the first touch
if [ "$any" = no ]; then
    mounted=$(awk -v at="$share" '$5 == at && / - nfs/ { print $0 }' /proc/self/mountinfo | tail -n 1)
    if [ -z "$mounted" ]; then
        bad "no NFS is mounted at $share" "mount $share; is it in /etc/fstab?"
        exit 1
    fi
    good "an NFS is mounted at $share"
    case $mounted in
        *,hard*) good "it waits for the server (hard)" ;;
        *) bad "it gives up on a silent server (soft), which loses footage" "mount it with hard" ;;
    esac
    case $mounted in
        *vers=4.2*) good "it speaks NFS 4.2" ;;
        *) bad "it does not speak NFS 4.2" "mount it with nfsvers=4.2" ;;
    esac
fi
if [ -r "$share/.gatehouse-share" ]; then
    good "it is marked as a share"
else
    bad "it has no marker" "on the hub: nfs/verify_nfs.sh"
fi

folder=$share/$camera
file=$folder/.mount-test.$$.part
trap 'rm -f "$file" "$file.renamed" 2>/dev/null || true' EXIT
begun=$(now_ms)
if dd if=/dev/zero bs=1M count=8 conv=fsync status=none of="$file" 2>/dev/null; then
    took=$(($(now_ms) - begun))
    good "8 MB written and synced in $took ms ($((8000 / (took > 0 ? took : 1))) MB/s)"
else
    bad "nothing can be written to $folder" "on the hub: nfs/verify_nfs.sh; is its disk full?"
    exit 1
fi
begun=$(now_ms)
if [ "$(head -c 8388608 /dev/zero | cksum)" = "$(cksum <"$file")" ]; then
    good "read back, the same, in $(($(now_ms) - begun)) ms"
else
    bad "what was read is not what was written" "check the hub's disk"
fi
begun=$(now_ms)
if mv "$file" "$file.renamed" && rm "$file.renamed"; then
    good "renamed and deleted in $(($(now_ms) - begun)) ms"
else
    bad "it cannot be renamed or deleted" "on the hub: nfs/verify_nfs.sh"
fi
if [ "$(id -u)" -ne 0 ] || [ "$any" = no ]; then
    if touch "$share/.mount-test.$$" 2>/dev/null; then
        rm -f "$share/.mount-test.$$"
        bad "this camera may write outside its folder" "on the hub: nfs/setup_nfs.sh"
    else
        good "this camera may write to its own folder alone"
    fi
fi
exit "$wrong"
