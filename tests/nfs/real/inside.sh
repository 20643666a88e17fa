#!/usr/bin/env bash
# What runs inside the user-mode kernel, as its init. All it writes goes to memory or its own disk.
set -uo pipefail
repository=$(cd "$(dirname "$0")/../../.." && pwd)
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$repository

end() { sync; echo o >/proc/sysrq-trigger; sleep 10; }
trap end EXIT
say() { printf '>> %s\n' "$*"; }
fail() { say "FAILED: $*"; exit 1; }
expect() { # expect CODE WORDS COMMAND … : run it, and see that it ends so and says so
    local wanted=$1 words=$2 code=0
    shift 2
    "$@" >/run/answer 2>&1 || code=$?
    if [ "$code" -ne "$wanted" ] || ! grep -q "$words" /run/answer; then
        cat /run/answer
        fail "$* ended with $code, not $wanted with '$words'"
    fi
}

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
mkdir -p /run/modules/lib/modules
ln -s "/usr/lib/uml/modules/$(uname -r)" "/run/modules/lib/modules/$(uname -r)"
for module in overlay sunrpc nfsd nfs nfsv4; do modprobe -d /run/modules "$module" || fail "no $module"; done
for place in etc var mnt; do
    mkdir -p "/run/over/$place" "/run/work/$place"
    mount -t overlay -o "lowerdir=/$place,upperdir=/run/over/$place,workdir=/run/work/$place" over "/$place" ||
        fail "/$place cannot be covered"
done
mount -t tmpfs srv /srv
# The root of this kernel's files cannot be exported, as that of a real machine can: /srv stands in.
echo '/srv 10.9.0.0/24(ro,fsid=0,no_subtree_check)' >/etc/exports
ip link set lo up
ip address add 10.9.0.1/32 dev lo
ip address add 10.9.0.2/32 dev lo

share=/srv/gatehouse/share
mkdir -p "$share" /mnt/front /mnt/yard
mount -t ext4 /dev/ubda "$share" || fail "the disk"
rmdir "$share/lost+found"
cd "$repository" || fail "no repository"
expect 0 "The share is" nfs/setup_nfs.sh
"$PYTHON" -c "from pathlib import Path; from nfs.share import make_share; make_share(Path('$share'))" || fail marker
expect 0 "writes to" nfs/add_camera.sh front 10.9.0.1
expect 0 "writes to" nfs/add_camera.sh yard 10.9.0.2

mkdir -p /var/lib/nfs/v4recovery
mount -t nfsd nfsd /proc/fs/nfsd
rpc.mountd -N 3 2>/dev/null || fail mountd
serve() { rpc.nfsd -N 3 -V 4.2 -G 10 -L 10 "$1" || fail nfsd; }
serve 4
nfs/verify_nfs.sh >/run/verified || { cat /run/verified; fail verify_nfs.sh; }
say "set up by our scripts; verify_nfs.sh: $(grep -c '^ok' /run/verified) things are well"

options=nfsvers=4.2,hard,noatime
mount -t nfs4 -o "$options" 10.9.0.1:/gatehouse/share /mnt/front || fail "front cannot mount"
expect 0 "alone" nfs/test_nfs_mount.sh front --share /mnt/front
say "front: $(sed -n 's/^ok *8 MB/8 MB/p' /run/answer)"

"$PYTHON" tests/nfs/real/inside.py /mnt/front "$share" || fail "what an agent does"
touch /mnt/front/yard/x 2>/dev/null && fail "front can write into yard's folder"
ls /mnt/front/yard 2>/dev/null && fail "front can look into yard's folder"
rm -rf "${share:?}"/front/*
umount /mnt/front
# One kernel is both cameras here. As long as it remembers the first connection it takes the second
# for another way to the same server, and goes on as front: so it is asked until it has forgotten.
for _try in $(seq 1 20); do
    mount -t nfs4 -o "$options" 10.9.0.2:/gatehouse/share /mnt/yard || fail "yard cannot mount"
    touch /mnt/yard/yard/x 2>/dev/null && break
    umount /mnt/yard
    sleep 1
done
[ -e /mnt/yard/yard/x ] || fail "yard cannot write into its own folder"
touch /mnt/yard/front/x 2>/dev/null && fail "yard can write into front's folder"
umount /mnt/yard
say "no camera can write into, or look into, the folder of another"

mount -t nfs4 -o "$options" 10.9.0.1:/gatehouse/share /mnt/front || fail "front cannot mount again"
serve 0
expect 3 "did not answer within 4 s" nfs/test_nfs_mount.sh front --share /mnt/front --limit 4
say "a silent server: test_nfs_mount.sh gives up after its limit and says so"
serve 4
for _try in $(seq 1 40); do
    nfs/test_nfs_mount.sh front --share /mnt/front --limit 10 >/run/answer 2>&1 && break
    sleep 1
done
grep -q "alone" /run/answer || { cat /run/answer; fail "the share does not come back"; }
say "the server is back: the same mount works again"


umount /mnt/front
say "the share works on a real NFS $(uname -r)"
