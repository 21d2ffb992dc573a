// The file's interfaces.
#pragma once

#include "arena.h"

// NULL where the kernel's `index` is none of theirs.
static __always_inline const struct interface *interface_find(const struct view *view, __u32 index) {
    __u32 at = index * view->head->interface_multiplier >> (32 - (view->head->interface_bits & 31));
    const struct interface *in = line_at(view, view->head->interfaces_line + at);

    if (in->index != index)
        in = 0;
    // Else clang tests the condition again instead of the pointer, and the verifier cannot tell that it is not NULL.
    barrier_var(in);
    return in;
}
