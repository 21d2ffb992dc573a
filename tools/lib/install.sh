# Installs what a script needs and the machine lacks, from Debian's archive. Sourced, not run; needs common.sh.
# shellcheck shell=bash disable=SC2034  # the lists are for those who source it

# To build: libbpf for the control plane, a C compiler with the BPF target and the kernel's headers for the programs.
build_packages=(libbpf-dev libelf-dev zlib1g-dev pkg-config clang-14 linux-libc-dev libc6-dev)
# To lay networks out of namespaces and send real traffic through them.
lab_packages=(iproute2 ethtool nftables iputils-ping curl nginx-light python3)
# To check how the sources are written, and what the kernel says to the programs.
check_packages=(clang-format-14 shellcheck bpftool)
# To boot other kernels.
kernel_packages=(bpftool qemu-system-x86 busybox-static dash kmod cpio zstd xz-utils binutils)

missing_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
    done
}

# install_packages NAME…: asks the archive only where something is missing.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "needs these packages, and there is no apt-get to install them: ${missing[*]}"
    say "installing ${missing[*]}"
    without_services apt_get "${missing[@]}" || die "apt-get could not install ${missing[*]}"
}

apt_get() {
    local log
    log=$(mktemp)
    if ! { DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "$@"; } \
        </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# without_services COMMAND…: a web server that a test wants as a program must not begin to serve this machine's network.
# Debian's package scripts ask policy-rc.d, and 101 means no. A policy that is there already stays.
without_services() (
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    "$@"
)
