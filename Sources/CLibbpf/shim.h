#pragma once

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include <stdarg.h>

// GNU functions that Swift's view of the C library leaves out.
int vasprintf(char **text, const char *format, va_list arguments);
int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags);
#define SLUICE_RENAME_NOREPLACE 1u
#define SLUICE_RENAME_EXCHANGE 2u
int setns(int namespace_, int kind);
#define SLUICE_CLONE_NEWNET 0x40000000
#define SLUICE_SO_NETNS_COOKIE 71
