// What the bench's programs share: errors, arguments, and the generator ready to run.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/generator.h"

#define FRAME_ROOM 2048

struct frame {
    unsigned char bytes[FRAME_ROOM];
    __u32 length;
};

// Says what failed and why, by `errno`, and ends the process with 1.
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

unsigned long long number(const char *text);

// From hexadecimal.
struct frame read_frame(const char *text);

// The generator's settings from `VERSION FLOWS FIRST SERVICES FRAME`, as in generator.h.
#define GENERATOR_WORDS 5
struct generator read_generator(char **words, struct frame *frame);

// Loads the compiled generator at `path`, aimed at the program with the descriptor `target`, or at its own program
// called `own` where that is not NULL.
struct bpf_object *load_generator(const char *path, struct generator *settings, const char *own, int target);

struct progress read_progress(struct bpf_object *generator);

// The descriptor of the generator's own program called `name`.
int program(struct bpf_object *generator, const char *name);
