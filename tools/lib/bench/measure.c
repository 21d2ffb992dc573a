// measure GENERATOR TARGET IFINDEX ROUNDS VERSION FLOWS FIRST SERVICES FRAME
//
// Times a program on one CPU and prints `NANOSECONDS VERDICT LENGTH` of one packet: how long a round took, what the
// program decided, and how long the packet was after the last round. One process measures once, because how fresh
// memory falls into the caches differs from process to process.
//
// TARGET is the path of a pinned XDP program, or `floor`. To it, packets come in through the interface IFINDEX.
#include <stdio.h>
#include <string.h>

#include "common.h"

int main(int count, char **words) {
    unsigned char out[FRAME_ROOM];
    struct xdp_md ctx = {};
    struct generator settings;
    struct progress progress;
    struct frame frame;
    struct bpf_object *generator;
    int target = -1;

    if (count != 5 + GENERATOR_WORDS) {
        fprintf(stderr, "usage: measure GENERATOR TARGET IFINDEX ROUNDS VERSION FLOWS FIRST SERVICES FRAME\n");
        return 2;
    }
    settings = read_generator(words + 5, &frame);
    settings.rounds = number(words[4]);
    settings.warm_up = settings.rounds / 4;
    if (strcmp(words[2], "floor") == 0) {
        generator = load_generator(words[1], &settings, "bare", -1);
    } else {
        target = bpf_obj_get(words[2]);
        if (target < 0)
            fail("%s", words[2]);
        generator = load_generator(words[1], &settings, NULL, target);
    }

    ctx.ingress_ifindex = number(words[3]);
    ctx.data_end = frame.length;
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame.bytes, .data_size_in = frame.length, .data_out = out,
                .data_size_out = sizeof out, .ctx_in = &ctx, .ctx_size_in = sizeof ctx,
                .repeat = settings.warm_up + settings.rounds);
    if (bpf_prog_test_run_opts(program(generator, "generate"), &run))
        fail("test run");
    progress = read_progress(generator);
    printf("%.2f %u %u\n", (double)(progress.ended - progress.began) / (double)(settings.rounds - 1), run.retval,
           run.data_size_out);
    return 0;
}
