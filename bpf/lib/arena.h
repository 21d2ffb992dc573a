// The arena: the two halves that images are published to, and how a packet reads the one in use.
//
// A packet takes its view once, from one read of the generation word; every table it looks at belongs to that view.
#pragma once

#include "base.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, struct line);
} arena SEC(".maps");

struct view {
    __u32 base; // line of the image's head
    const struct image_head *head;
};

// A line of the arena as whatever it holds; NULL beyond the end.
static __always_inline const void *line_at(__u32 line) {
    return bpf_map_lookup_elem(&arena, &line);
}

// The view that starts at a line; false only where nothing was ever published.
static __always_inline int view_at(struct view *view, __u32 base) {
    view->base = base;
    view->head = line_at(base);
    return view->head && view->head->magic == IMAGE_MAGIC;
}

static __always_inline int view_now(struct view *view) {
    __u32 generation = READ_ONCE(control.generation);

    if (config.dry_run && trace.override_generation)
        generation = trace.generation;
    return view_at(view, generation & 1 ? control.half_lines : 0);
}

static __always_inline const struct image_tail *view_tail(const struct view *view) {
    return line_at(view->base + 1);
}

// A word of a packed array. Beyond the arena it reads 0, which every table uses for "nothing" or "denied".
static __always_inline __u32 view_word(const struct view *view, __u32 first_line, __u32 index) {
    const struct line *line = line_at(view->base + first_line + index / LINE_WORDS);

    return line ? line->words[index % LINE_WORDS] : 0;
}

// A word of a paged array, see image.h.
static __always_inline __u32 view_paged(const struct view *view, __u32 base, __u32 index) {
    __u32 page = view_word(view, view->head->directories_line, base + index / PAGE_WORDS);

    return view_word(view, view->head->pages_line, page * PAGE_WORDS + index % PAGE_WORDS);
}
