#!/usr/bin/env bash
# Install or upgrade a camera's agent on this machine: Raspberry Pi OS or Debian, 12 or newer, 64 bits.
#
#   scripts/install-agent.sh CAMERA --hub URL --token FILE [--name NAME] [--source SOURCE]
#                            [--dry-run] [--root TREE]
#   scripts/install-agent.sh CAMERA --uninstall     settings and what waits in the spool stay
#
# FILE holds the camera's token: on the hub, python -m central token issue --camera CAMERA --out FILE
# SOURCE is picamera2 on a Pi (the default), or what docs/guide/start.md says. Exit: 0 done, 1 or 2 not.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh
# shellcheck source=scripts/lib/setup.sh
. scripts/lib/setup.sh

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
camera='' hub='' token='' name='' source=picamera2
while [ $# -gt 0 ]; do
    case $1 in
        --hub) hub=${2:?--hub takes an address}; shift ;;
        --token) token=${2:?--token takes a file}; shift ;;
        --name) name=${2:?--name takes a name}; shift ;;
        --source) source=${2:?--source takes a source}; shift ;;
        --root) root=${2:?--root takes a folder}; shift ;;
        -*) common_option "$1" || usage ;;
        *) [ -z "$camera" ] || usage; camera=$1 ;;
    esac
    shift
done
[[ $camera =~ ^[A-Za-z0-9_]{1,50}$ ]] || usage
check_machine
folder=$etc/agents/$camera

if [ "$uninstall" = yes ]; then
    if live; then act systemctl disable --now "gatehouse-agent@$camera" || true; fi
    remove_units gatehouse-agent@.service gatehouse.target
    exit 0
fi
[[ $hub =~ ^https?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]+)?/?$ ]] || die "--hub takes an address such as http://hub.local:8000"
[[ $source =~ ^[^\"\\]+$ ]] || die "--source takes no quotes"
[[ ${name:-$camera} =~ ^[^\"\\]{1,100}$ ]] || die "--name takes up to 100 characters, no quotes"
[ -s "$root$folder/token" ] || [ -s "$token" ] || die "there is no token yet: on the hub, python -m central token issue --camera $camera --out FILE; copy the file here and say --token FILE"
host=${hub#*://}
host=${host%%[:/]*}

# The camera's own libraries come from apt: pip's do not know the Pi's hardware.
packages=(mount.nfs4=nfs-common chattr=e2fsprogs)
[ "$source" != picamera2 ] || packages+=(/usr/lib/python3/dist-packages/picamera2=python3-picamera2)
packages+=(/usr/lib/python3/dist-packages/numpy=python3-numpy /usr/lib/python3/dist-packages/av=python3-av
    /usr/lib/python3/dist-packages/PIL=python3-pil)
if here && [ "$dry_run" = no ]; then install_packages "${packages[@]}"; else say "needs: ${packages[*]#*=}"; fi

make_user gatehouse-agent video render
lay_release agent/requirements.txt --system-site-packages

put_once 640 root:gatehouse-agent "$folder/agent.toml" <<END
[camera]
id = "$camera"
name = "${name:-$camera}"
location = "${name:-$camera}"
source = "$source"

[hub]
url = "${hub%/}"
token_file = "/run/credentials/gatehouse-agent@$camera.service/token"

[share]
root = "/srv/gatehouse/share"

[spool]
folder = "/var/lib/gatehouse-agent/$camera/spool"
END
if [ -n "$token" ]; then put 600 root:root "$folder/token" <"$token"; fi

# The mount: hard, upon first touch; and the bare folder takes nothing, so that a missing share is
# never taken for an empty one.
line="$host:/srv/gatehouse/share /srv/gatehouse/share nfs4 nfsvers=4.2,hard,noatime,_netdev,nofail,x-systemd.automount,x-systemd.mount-timeout=15 0 0"
if ! grep -qsF "$line" "$root/etc/fstab"; then
    { grep -sv '[[:space:]]/srv/gatehouse/share[[:space:]]' "$root/etc/fstab" || true; printf '%s\n' "$line"; } |
        put 644 root:root /etc/fstab
fi
if here && ! grep -qs ' /srv/gatehouse/share ' /proc/self/mounts; then
    act mkdir -p /srv/gatehouse/share
    act chattr +i /srv/gatehouse/share 2>/dev/null || true
fi
put 755 root:root /usr/local/bin/jobctl <<'END'
#!/bin/sh
exec /opt/gatehouse/current/scripts/jobctl "$@"
END
lay_units gatehouse-agent@.service
if live; then
    act systemctl restart remote-fs.target
    act systemctl enable -q gatehouse.target "gatehouse-agent@$camera"
    act systemctl restart "gatehouse-agent@$camera"
fi
say "Camera $camera is installed. Try the share: nfs/test_nfs_mount.sh $camera. Look after it: jobctl status"
