# What the scripts of the share have in common. Sourced.
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by those who source this

share=/srv/gatehouse/share
root=
dry_run=no
group=gatehouse
first_uid=61001 # above Debian's own users, below its dynamic ones

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 2; }

# run COMMAND … : do it, or say it.
run() {
    if [ "$dry_run" = yes ]; then
        printf 'would run: %s\n' "$*"
    else
        "$@"
    fi
}

# put FILE < CONTENT : write a file whole, when it would change; tell whether it did.
put() {
    local content
    content=$(cat)
    if [ -f "$1" ] && [ "$(cat "$1")" = "$content" ]; then
        return 1
    fi
    if [ "$dry_run" = yes ]; then
        printf 'would write %s:\n%s\n' "$1" "$content"
        return 0
    fi
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$content" >"$1.part"
    mv "$1.part" "$1"
}

# here : whether this is about the running system, not about a tree beneath --root.
here() { [ -z "$root" ]; }

table() { printf '%s' "$root/etc/gatehouse/nfs-cameras"; }
exports_of() { printf '%s' "$root/etc/exports.d/gatehouse-$1.exports"; }

# cameras : print "camera uid address" for each camera that was added.
cameras() { [ ! -f "$(table)" ] || grep -E '^[A-Za-z0-9_]+ [0-9]+ [^ ]+$' "$(table)" || true; }

group_id() { { getent group "$group" || true; } | cut -d: -f3; }

# is_address TEXT : an address, a network, or a host name; nothing that exports(5) would read otherwise.
is_address() {
    [[ $1 =~ ^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?(/[0-9]{1,3})?$ ]] && [ "${#1}" -le 253 ]
}

reload_exports() {
    here || return 0
    if command -v exportfs >/dev/null 2>&1; then
        run exportfs -ra
    else
        say "exportfs is not installed yet: run nfs/setup_nfs.sh"
    fi
}
