# Functions that install what Gatehouse needs. Sourced by run.sh and test.sh, from the repository.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "this needs root: $*   (run it as root, or install sudo)"
    fi
}

# install_packages COMMAND=PACKAGE … : install the packages whose command (or /path) is missing.
install_packages() {
    local pair missing=()
    for pair in "$@"; do
        case "${pair%%=*}" in
            /*) [ -e "${pair%%=*}" ] || missing+=("${pair#*=}") ;;
            *) PATH="$PATH:/usr/sbin" command -v "${pair%%=*}" >/dev/null 2>&1 || missing+=("${pair#*=}") ;;
        esac
    done
    [ "${#missing[@]}" -eq 0 ] && return 0
    command -v apt-get >/dev/null 2>&1 || die "please install: ${missing[*]}"
    say "Installing with apt: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null
}

# find_python : print the newest Python that is at least 3.11.
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

# make_venv FOLDER REQUIREMENTS : a virtual environment with these requirements, once.
# A stamp with the hash of all requirements files lets later starts go without any network.
make_venv() {
    local folder=$1 requirements=$2 python stamp
    python=$(find_python) || { install_packages python3=python3; python=$(find_python); } ||
        die "Gatehouse needs Python 3.11 or newer"
    stamp=$({
        "$python" --version
        cat requirements.txt ./*/requirements*.txt
        echo "$requirements"
    } | sha256sum)
    if [ -f "$folder/stamp" ] && [ "$(cat "$folder/stamp")" = "$stamp" ]; then
        return 0
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        install_packages /nonexistent=python3-venv
    fi
    say "Installing Python packages into $folder (once; a minute or two):"
    # shellcheck disable=SC2086 # options, not one word
    "$python" -m venv ${VENV_OPTIONS:-} "$folder"
    "$folder/bin/python" -m pip install --disable-pip-version-check --progress-bar off \
        -r "$requirements" 2>&1 | tee "$folder/pip.log" |
        sed -un 's/^Collecting \([A-Za-z0-9._-]*\).*/  \1/p' ||
        { tail -n 20 "$folder/pip.log"; die "the packages could not be installed, see above"; }
    printf '%s\n' "$stamp" >"$folder/stamp"
}
