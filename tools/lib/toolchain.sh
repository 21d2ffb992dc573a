# Finds the compilers and builds with them. Sourced, not run; needs common.sh.
# shellcheck shell=bash disable=SC2154  # root is of common.sh

# use_swift: puts the Swift toolchain on PATH. Under sudo that of the user who called counts as well.
use_swift() {
    local home folder
    command -v swift >/dev/null && return
    home=$(getent passwd "${SUDO_USER:-root}" | cut -d: -f6)
    for folder in "$home/.local/share/swiftly/bin" {/opt/swift,/usr/local/swift,/usr/libexec/swift}/{usr/,}bin; do
        [ -x "$folder/swift" ] && PATH="$folder:$PATH" && export PATH && return
    done
    die "no Swift toolchain: put the folder of \`swift\` on PATH"
}

# bpf_compilers: one clang per line, the oldest that must do and the toolchain's own.
bpf_compilers() {
    local own
    command -v clang-14
    own=$(dirname "$(readlink -f "$(command -v swift)")")/clang
    [ -x "$own" ] && printf '%s\n' "$own"
}

# compile_bpf CLANG SOURCE OBJECT: as the build does, with a compiler of one's choice.
compile_bpf() {
    SLUICE_CLANG=$1 "$root/tools/compile-bpf" "$2" - "$3" "$root/bpf"
}

# forget_stale_abi: SwiftPM does not compile Swift again when a C header that it imports has changed, so what was built
# from other headers is removed first.
forget_stale_abi() {
    local now stamp=$root/.build/abi.sum module
    now=$(cat "$root"/bpf/abi/* | sha256sum)
    [ -d "$root/.build" ] || return 0
    if [ "$(cat "$stamp" 2>/dev/null)" != "$now" ]; then
        while read -r module; do
            # Not the whole folder: SwiftPM writes its lists of files there only when the package's shape changes.
            rm -f "$root"/.build/*/{debug,release}/"$module.build"/{*.o,*.swiftdeps,*.swiftmodule,*.priors}
        done < <(cd "$root" && grep -rlE 'import DataplaneABI' Sources Tests | cut -d/ -f2 | sort -u)
    fi
    printf '%s\n' "$now" >"$stamp"
}
