#!/usr/bin/env bash
# Everything on one machine: hub, jobs and simulated cameras, on SQLite and a folder. Ctrl-C ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

install=yes
arguments=()
for argument in "$@"; do
    if [ "$argument" = "--no-install" ]; then
        install=no
    else
        arguments+=("$argument")
    fi
done

venv=${GATEHOUSE_VENV:-.venv}
if [ "$install" = yes ]; then
    install_packages ffmpeg=ffmpeg
    make_venv "$venv" requirements.txt
fi
[ -x "$venv/bin/python" ] || die "nothing is installed yet: run it once without --no-install"
exec "$venv/bin/python" -m scripts.household ${arguments[@]+"${arguments[@]}"}
