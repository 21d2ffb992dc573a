// The arena: the two halves that images are published to, and how a packet reads the one in use.
//
// A packet takes its view once, from one read of the generation word; every table it looks at belongs to that view.
//
// The arena is one array element as large as everything, not an array of lines: a look-up per line would pass its key
// through the stack and test for NULL (about 2 ns each, ten times a packet), while an offset into one element is masked
// and added.
#pragma once

#include "base.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, 2 * LINE_BYTES); // set before loading to LINE_BYTES * (config.arena_mask + 1)
} arena SEC(".maps");

struct view {
    const struct line *lines; // of the whole arena
    const struct image_head *head;
    __u32 base; // line of the head
};

// A line of the image as whatever it holds. Lines beyond the arena wrap around: wrong, but inside.
static __always_inline const void *line_at(const struct view *view, __u32 line) {
    return view->lines + ((view->base + line) & config.arena_mask);
}

// The view that starts at a line of the arena; false only where nothing was ever published.
static __always_inline int view_at(struct view *view, __u32 base) {
    __u32 zero = 0;

    view->lines = bpf_map_lookup_elem(&arena, &zero);
    view->base = base;
    if (!view->lines)
        return 0;
    view->head = line_at(view, 0);
    return view->head->magic == IMAGE_MAGIC;
}

static __always_inline int view_now(struct view *view) {
    __u32 generation = READ_ONCE(control.generation);

    if (unlikely(config.dry_run)) {
        barrier();
        if (trace.override_generation)
            generation = trace.generation;
    }
    return view_at(view, generation & 1 ? control.half_lines : 0);
}

static __always_inline const struct image_tail *view_tail(const struct view *view) { return line_at(view, 1); }

static __always_inline const struct image_flows *view_flows(const struct view *view) { return line_at(view, 2); }

// A word of a packed array.
static __always_inline __u32 view_word(const struct view *view, __u32 first_line, __u32 index) {
    const struct line *line = line_at(view, first_line + index / LINE_WORDS);

    return line->words[index % LINE_WORDS];
}

// A word of a paged array, see image.h.
static __always_inline __u32 view_paged(const struct view *view, __u32 base, __u32 index) {
    __u32 page = view_word(view, view->head->directories_line, base + index / PAGE_WORDS);

    return view_word(view, view->head->pages_line, page * PAGE_WORDS + index % PAGE_WORDS);
}
