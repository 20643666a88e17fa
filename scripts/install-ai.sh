#!/usr/bin/env bash
# Install or upgrade the AI server on this machine: Raspberry Pi OS or Debian, 12 or newer, 64 bits.
#
#   scripts/install-ai.sh --hub URL --token FILE [--dry-run] [--root TREE]
#   scripts/install-ai.sh --uninstall
#
# Ollama itself is its makers' to install (https://ollama.com); 0.17.1 or newer. FILE holds the
# worker's token, made on the hub. Exit: 0 done, 1 or 2 it could not be done.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh
# shellcheck source=scripts/lib/setup.sh
. scripts/lib/setup.sh

hub='' token=''
while [ $# -gt 0 ]; do
    case $1 in
        --hub) hub=${2:?--hub takes an address}; shift ;;
        --token) token=${2:?--token takes a file}; shift ;;
        --root) root=${2:?--root takes a folder}; shift ;;
        *) common_option "$1" || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; } ;;
    esac
    shift
done
check_machine
if [ "$uninstall" = yes ]; then
    remove_units gatehouse-ai.service gatehouse.target
    act rm -f "$root/etc/systemd/system/ollama.service.d/gatehouse.conf"
    exit 0
fi
[[ $hub =~ ^https?://[][A-Za-z0-9.:-]+/?$ ]] || die "--hub takes an address such as http://hub.local:8000"
[ -s "$root$etc/ai.token" ] || [ -s "$token" ] || die "there is no token yet: make one on the hub and say --token FILE"
command -v ollama >/dev/null 2>&1 || say "Ollama is not installed yet: https://ollama.com"

make_user gatehouse-ai
lay_release ai_server/requirements.txt
put_once 644 root:root "$etc/ai.env" <<END
# Settings of the AI server. After a change: jobctl restart
GATEHOUSE_AI_HUB=${hub%/}
END
if [ -n "$token" ]; then put 600 root:root "$etc/ai.token" <"$token"; fi
put 644 root:root /etc/systemd/system/ollama.service.d/gatehouse.conf <systemd/ollama.service.d/gatehouse.conf
put 755 root:root /usr/local/bin/jobctl <<'END'
#!/bin/sh
exec /opt/gatehouse/current/scripts/jobctl "$@"
END
lay_units gatehouse-ai.service
if live; then
    if systemctl cat ollama >/dev/null 2>&1; then act systemctl restart ollama; fi
    act systemctl enable -q gatehouse.target gatehouse-ai
    act systemctl restart gatehouse-ai
fi
say "The AI server is installed. Look after it with: jobctl status"
