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

#define VNI_SEARCH_DEPTH 24 // as many bits as a VNI has

// Whether packets of a virtual network are taken.
__noinline int vni_taken(__u32 base, __u32 first, __u32 count, __u32 vni) {
    __u32 low = 0, high = count, words;
    struct view view;

    if (!count)
        return 1;
    if (!view_at(&view, base))
        return 0;
    words = view.head->interfaces_line + (1u << (view.head->interface_bits & 31));
    for (int depth = 0; depth < VNI_SEARCH_DEPTH && low < high; depth++) {
        __u32 middle = low + (high - low) / 2, found = view_word(&view, words, first + middle);

        if (found == vni)
            return 1;
        if (found < vni)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}
