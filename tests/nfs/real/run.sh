#!/usr/bin/env bash
# The share on a real NFS server and client: a user-mode kernel with a disk of its own, booted from
# this machine's files, which it may only read. `scripts/test.sh --nfs` runs it; needs root.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

[ "$(id -u)" -eq 0 ] || die "run this as root: the kernel inside reads this machine's files as root"
install_packages linux.uml=user-mode-linux exportfs=nfs-kernel-server mount.nfs4=nfs-common \
    modprobe=kmod setfacl=acl mkfs.ext4=e2fsprogs ip=iproute2 gcc=gcc /usr/include/stdio.h=libc6-dev

folder=$(mktemp -d /var/tmp/gatehouse-nfs.XXXXXX)
trap 'rm -rf "$folder"' EXIT
truncate -s 64M "$folder/disk"
mkfs.ext4 -q -F "$folder/disk"
gcc -shared -fPIC -o "$folder/whole_state.so" tests/nfs/real/whole_state.c -ldl

code=0
LD_PRELOAD=$folder/whole_state.so timeout --kill-after=5 300 linux.uml mem=384M ubd0="$folder/disk" \
    rootfstype=hostfs ro quiet init="$PWD/tests/nfs/real/inside.sh" PYTHON="${1:-python3}" \
    con=null con0=fd:0,fd:1 </dev/null >"$folder/log" 2>&1 || code=$?
sed -n 's/\r$//; s/^>> //p' "$folder/log"
if ! grep -q '^>> the share works on a real NFS' "$folder/log"; then
    say "FAILED (the kernel ended with $code):"
    tail -n 60 "$folder/log"
    exit 1
fi
