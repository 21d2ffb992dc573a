// send GENERATOR IFINDEX INTERVAL VERSION FLOWS FIRST SERVICES FRAME
//
// Sends packets out of the interface IFINDEX one every INTERVAL nanoseconds, until it is ended by a signal.
#include <stdio.h>

#include "common.h"

#define ROUNDS_PER_CALL (1 << 30)
#define BATCH 64

int main(int count, char **words) {
    struct xdp_md ctx = {};
    struct generator settings;
    struct frame frame;
    struct bpf_object *generator;

    if (count != 4 + GENERATOR_WORDS) {
        fprintf(stderr, "usage: send GENERATOR IFINDEX INTERVAL VERSION FLOWS FIRST SERVICES FRAME\n");
        return 2;
    }
    settings = read_generator(words + 4, &frame);
    settings.interval = number(words[3]);
    // In live frames, what transmits is the verdict of the program that does nothing.
    generator = load_generator(words[1], &settings, "bare", -1);
    ctx.ingress_ifindex = number(words[2]);
    ctx.data_end = frame.length;
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame.bytes, .data_size_in = frame.length, .ctx_in = &ctx,
                .ctx_size_in = sizeof ctx, .repeat = ROUNDS_PER_CALL, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
                .batch_size = BATCH);
    for (;;)
        if (bpf_prog_test_run_opts(program(generator, "generate"), &run))
            fail("live frames");
}
