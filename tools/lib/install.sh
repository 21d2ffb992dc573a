# Installs what a script needs and the machine lacks, from Debian's archive. Sourced, not run; needs common.sh.
# shellcheck shell=bash disable=SC2034,SC2154  # the lists are for those who source it, and root is of common.sh

# To build: libbpf for the control plane, a C compiler with the BPF target and the kernel's headers for the programs.
build_packages=(libbpf-dev libelf-dev zlib1g-dev pkg-config clang-14 linux-libc-dev libc6-dev)
# To lay networks out of namespaces and send real traffic through them.
lab_packages=(iproute2 ethtool nftables iputils-ping curl nginx-light python3 python3-venv)
# To check how the sources are written, and what the kernel says to the programs.
check_packages=(clang-format-14 shellcheck bpftool)
# To boot other kernels.
kernel_packages=(bpftool qemu-system-x86 busybox-static dash kmod cpio zstd xz-utils binutils)

# To speak QUIC in that network. Debian's archive has no such thing for Python, so it comes from Python's own, into a place
# of its own below .build; without it the tests that want it are skipped.
lab_python=.build/lab-python
install_lab_python() {
    [ ! -x "$root/$lab_python/bin/python3" ] || ! "$root/$lab_python/bin/python3" -c 'import aioquic' 2>/dev/null ||
        return 0
    say "installing aioquic in $lab_python"
    if ! { python3 -m venv "$root/$lab_python" && "$root/$lab_python/bin/pip" install --quiet aioquic==1.7.2; } >/dev/null 2>&1
    then
        rm -rf "${root:?}/$lab_python"
        say "aioquic could not be installed: the lab goes without QUIC"
    fi
}

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
