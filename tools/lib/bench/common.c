#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *format, ...) {
    const char *why = strerror(errno);
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, ": %s\n", why);
    va_end(arguments);
    exit(1);
}

unsigned long long number(const char *text) {
    char *end;
    unsigned long long value = strtoull(text, &end, 10);

    errno = EINVAL;
    if (*text == 0 || *end != 0)
        fail("not a number: %s", text);
    return value;
}

struct frame read_frame(const char *text) {
    struct frame frame = {};

    errno = EINVAL;
    for (; text[0] && text[1]; text += 2, frame.length++)
        if (frame.length == FRAME_ROOM || sscanf(text, "%2hhx", &frame.bytes[frame.length]) != 1)
            fail("not a frame");
    if (frame.length < GENERATOR_HEADERS)
        fail("a frame of %u bytes is too short", frame.length);
    return frame;
}

struct generator read_generator(char **words, struct frame *frame) {
    struct generator settings = {
        .version = number(words[0]),
        .flows = number(words[1]),
        .first_flow = number(words[2]),
        .services = number(words[3]),
    };

    *frame = read_frame(words[4]);
    settings.length = frame->length;
    memcpy(settings.headers, frame->bytes, sizeof settings.headers);
    return settings;
}

// The map of the data section called `name`.
static struct bpf_map *section(struct bpf_object *object, const char *name) {
    struct bpf_map *map;

    bpf_object__for_each_map(map, object) {
        if (strstr(bpf_map__name(map), name))
            return map;
    }
    errno = ENOENT;
    fail("no %s in the generator", name);
}

int program(struct bpf_object *generator, const char *name) {
    struct bpf_program *found = bpf_object__find_program_by_name(generator, name);

    errno = ENOENT;
    if (!found)
        fail("no program %s in the generator", name);
    return bpf_program__fd(found);
}

struct bpf_object *load_generator(const char *path, struct generator *settings, const char *own, int target) {
    struct progress progress = {.random = 0x9e3779b97f4a7c15ull};
    struct bpf_object *object = bpf_object__open_file(path, NULL);
    __u32 key = 0, value;

    if (!object)
        fail("%s", path);
    if (bpf_map__set_initial_value(section(object, ".rodata"), settings, sizeof *settings) ||
        bpf_map__set_initial_value(section(object, ".bss"), &progress, sizeof progress))
        fail("%s is of another build", path);
    if (bpf_object__load(object))
        fail("cannot load the generator");
    value = own ? program(object, own) : target;
    if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "target"), &key, &value, BPF_ANY))
        fail("the generator cannot call the program under test");
    return object;
}

struct progress read_progress(struct bpf_object *generator) {
    struct progress progress;
    __u32 key = 0;

    if (bpf_map_lookup_elem(bpf_map__fd(section(generator, ".bss")), &key, &progress))
        fail("cannot read the generator's progress");
    return progress;
}
