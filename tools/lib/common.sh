# Shared by the scripts in tools/: messages, root, and the place of the source tree. Sourced, not run.
# shellcheck shell=bash disable=SC2034  # what it sets is for those who source it

# The root of the source tree; every script works from there, wherever it was called from.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# What a script says about itself goes to standard error, results to standard output.
say() { printf '%s\n' "$*" >&2; }

die() {
    say "${0##*/}: $*"
    exit 1
}

# as_root "$@": runs the script again through sudo where it is not root yet. sudo drops the caller's PATH, which may be
# the only one that knows the Swift toolchain.
as_root() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null || die "needs root, and there is no sudo here"
    exec sudo env PATH="$PATH" ${CI:+CI="$CI"} bash "$0" "$@"
}

# Colours only for people: on a terminal, and never with NO_COLOR.
if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' red='' green='' plain=''
fi
