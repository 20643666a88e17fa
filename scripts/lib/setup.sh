# What the install scripts have in common. Sourced after install.sh, from the repository.
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by those who source this

dry_run=no root='' uninstall=no
opt=/opt/gatehouse etc=/etc/gatehouse

# act COMMAND … : do it, or say it.
act() {
    if [ "$dry_run" = yes ]; then printf 'would run: %s\n' "$*"; else "$@"; fi
}

# here : whether this is about the running system, not about a tree beneath --root.
here() { [ -z "$root" ]; }

# live : whether systemd runs here and may be told.
live() { here && [ -d /run/systemd/system ]; }

# common_option OPTION : take an option that all install scripts have; fail for any other.
common_option() {
    case $1 in
        --dry-run) dry_run=yes ;;
        --uninstall) uninstall=yes ;;
        *) return 1 ;;
    esac
}

# check_machine : refuse what cannot work, before anything is changed.
check_machine() {
    ! here || [ "$dry_run" = yes ] || [ "$(id -u)" -eq 0 ] || die "run this as root: sudo $0"
    if here && [ -r /etc/os-release ]; then
        # shellcheck source=/dev/null
        (. /etc/os-release && case "${ID:-} ${ID_LIKE:-}" in *debian* | *raspbian*) ;; *) exit 1 ;; esac) ||
            die "this is neither Raspberry Pi OS nor Debian"
        # shellcheck source=/dev/null
        (. /etc/os-release && [ "${VERSION_ID:-99}" -ge 12 ]) || die "Debian 12 (Bookworm) or newer is needed"
    fi
    [ "$(getconf LONG_BIT)" = 64 ] || die "a 64-bit system is needed: the packages are built for no other"
}

# put MODE OWNER FILE < CONTENT : write a file whole, when it would change.
put() {
    local mode=$1 owner=$2 file=$root$3 content
    content=$(cat)
    if [ -f "$file" ] && [ "$(cat "$file")" = "$content" ]; then return 0; fi
    if [ "$dry_run" = yes ]; then printf 'would write %s\n' "$file"; return 0; fi
    mkdir -p "$(dirname "$file")"
    (umask 077 && printf '%s\n' "$content" >"$file.part")
    if here && [ "$(id -u)" -eq 0 ]; then chown "$owner" "$file.part"; fi
    chmod "$mode" "$file.part"
    mv "$file.part" "$file"
}

# put_once … : like put, but a file that is there is the owner's and stays.
put_once() {
    if [ -e "$root$3" ]; then cat >/dev/null; say "kept as it is: $3"; else put "$@"; fi
}

# make_user NAME [GROUP …] : an unprivileged user without a shell, in these groups.
make_user() {
    local name=$1 extra
    shift
    here || return 0
    getent passwd "$name" >/dev/null ||
        act useradd --system --user-group --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin "$name"
    for extra in "$@"; do
        getent group "$extra" >/dev/null && act usermod -a -G "$extra" "$name"
    done
    return 0
}

# lay_release REQUIREMENTS [VENV OPTION …] : copy this tree to a release of its own and turn `current`.
lay_release() {
    local requirements=$1 version release part
    shift
    version=$(sed -n 's/^VERSION = "\(.*\)"/\1/p' central/version.py)
    release=$root$opt/releases/$version-$(tree_hash)
    if [ -d "$release" ]; then
        say "release $(basename "$release") is laid already"
    elif [ "$dry_run" = yes ]; then
        say "would lay this tree at $release, with its Python packages"
        return 0
    else
        part=$release.part
        rm -rf "$part"
        mkdir -p "$part"
        tar --exclude=./.git --exclude='./.venv*' --exclude=./var --exclude=./tests --exclude='__pycache__' \
            -cf - . | tar -C "$part" -xf -
        (cd "$part" && VENV_OPTIONS="$*" make_venv venv "$requirements")
        mv "$part" "$release"
    fi
    ln -sfn "releases/$(basename "$release")" "$root$opt/current.part"
    mv -T "$root$opt/current.part" "$root$opt/current"
}

tree_hash() {
    tar --exclude=./.git --exclude='./.venv*' --exclude=./var --exclude=./tests --exclude='__pycache__' \
        --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . | sha256sum | cut -c1-12
}

# lay_units UNIT … : copy units, and let systemd know.
lay_units() {
    local unit
    for unit in gatehouse.target "$@"; do
        put 644 root:root "/etc/systemd/system/$(basename "$unit")" <"systemd/$unit"
    done
    if live; then act systemctl daemon-reload; fi
}

# remove_units UNIT … : stop, forget. Data and settings stay; where they are is said.
remove_units() {
    local unit
    for unit in "$@"; do
        if live; then act systemctl disable --now "$unit" 2>/dev/null || true; fi
        act rm -f "$root/etc/systemd/system/$unit"
    done
    if live; then act systemctl daemon-reload; fi
    act rm -rf "$root$opt"
    say "Gatehouse is uninstalled. Kept: $etc (settings and keys), /var/lib/gatehouse* and /srv/gatehouse."
    say "To lose those too: rm -rf $etc /var/lib/gatehouse* /srv/gatehouse"
}
