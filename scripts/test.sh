#!/usr/bin/env bash
# Install what the tests need and run every one: lint, types, pytest, acceptance.
# scripts/test.sh [--long] [--no-install] [--nfs] [pytest arguments]
# --nfs tries the share's scripts on a real NFS in a user-mode kernel instead; as root, 20 seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

install=yes nfs=no
arguments=()
for argument in "$@"; do
    case $argument in
        --no-install) install=no ;;
        --nfs) nfs=yes ;;
        --long) export GATEHOUSE_TEST_LONG=1 ;;
        *) arguments+=("$argument") ;;
    esac
done

venv=${GATEHOUSE_VENV:-.venv-test}
if [ "$install" = yes ]; then
    install_packages ffmpeg=ffmpeg mariadbd=mariadb-server chromium=chromium \
        chromedriver=chromium-driver strace=strace shellcheck=shellcheck git=git \
        systemd-analyze=systemd nginx=nginx-light setfacl=acl \
        /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf=fonts-dejavu-core
    make_venv "$venv" tests/requirements.txt
fi
python=$venv/bin/python
if [ "$nfs" = yes ]; then
    exec tests/nfs/real/run.sh "$(realpath -s "$python")"
fi
export PATH="$PWD/$venv/bin:$PATH:/usr/sbin" PYTHONPATH="$PWD"

say "== lint and types"
"$python" -m ruff check .
"$python" -m ruff format --check --quiet . || die "run: ruff format ."
"$python" -m mypy --strict agent ai_server central database nfs web scripts tests benchmarks
shellcheck -x scripts/*.sh scripts/lib/*.sh database/*.sh nfs/*.sh nfs/lib/*.sh tests/nfs/real/*.sh

say "== tests"
passed=0 failed=0
"$python" -m pytest ${arguments[@]+"${arguments[@]}"} || failed=1

if [ "${#arguments[@]}" -eq 0 ]; then
    say "== acceptance"
    for script in tests/acceptance/[0-9]*; do
        begun=$SECONDS
        log=$(mktemp)
        if timeout --kill-after=10 900 "$python" "$script" >"$log" 2>&1; then
            passed=$((passed + 1)) word=ok
        else
            failed=$((failed + 1)) word=FAILED
        fi
        printf '%-6s %4ds  %s\n' "$word" $((SECONDS - begun)) "$(basename "$script")"
        if [ "$word" = ok ]; then sed 's/^/         /' "$log" | tail -n 12; else cat "$log"; fi
        rm -f "$log"
    done
    say "acceptance: $passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
