// The data path: a packet's journey through the tables of the generation in use.
//
// Entry points only; each header of lib/ holds one step with its tables.
#include "lib/account.h"
#include "lib/interface.h"
#include "lib/judge.h"
#include "lib/leave.h"
#include "lib/plain.h"
#include "lib/socket.h"

// bpf_redirect_neigh and the metadata that XDP leaves are for programs that may call GPL-only helpers.
char LICENSE[] SEC("license") = "GPL";

// Replacing an element waits for a grace period: after it, no packet uses what it saw before.
struct grace_inner {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 1);
    __type(key, __u32);
    __array(values, struct grace_inner);
} grace SEC(".maps");

static __always_inline __u32 arrived_on(const struct xdp_md *ctx) {
    if (unlikely(config.dry_run)) {
        barrier();
        if (trace.interface)
            return trace.interface;
    }
    return ctx->ingress_ifindex;
}

// What is known of a packet before a byte of it is read. `length`: of the frame, or, where it is not worth asking, of
// what of it can be seen.
static __always_inline const struct interface *arrive(const struct xdp_md *ctx, const struct view *view, __u32 cpu,
                                                      __u32 length, struct packet *p) {
    const struct interface *in;

    *p = (struct packet){
        .bytes = length,
        .frame_length = length,
        .interface = arrived_on(ctx),
        .cpu = cpu,
        .view_base = view->base,
    };
    in = interface_find(view, p->interface);
    if (in) {
        p->interface_slot = in->slot & (INTERFACE_SLOTS - 1);
        if (in->flags & INTERFACE_DECAPSULATE)
            p->flags |= PACKET_DECAPSULATE;
    }
    return in;
}

int sluice_ingress_any(struct xdp_md *ctx);
int sluice_translate(struct xdp_md *ctx);

#define PROGRAM_ANY 0
#define PROGRAM_TRANSLATE 1
struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 2);
    __uint(key_size, sizeof(__u32));
    __array(values, int(void *));
} programs SEC(".maps") = {.values = {
                               [PROGRAM_ANY] = (void *)&sluice_ingress_any,
                               [PROGRAM_TRANSLATE] = (void *)&sluice_translate,
                           }};

// The packet in this CPU's workspace, which is for a service that forwards by `nat`. A program of its own, because it
// needs stack, and because no other packet should pay for it.
SEC("xdp.frags")
int sluice_translate(struct xdp_md *ctx) {
    struct workspace *own = workspace_of(bpf_get_smp_processor_id());
    struct view view;

    if (!own || !view_at(&view, own->packet.view_base))
        return XDP_DROP;
    return account(&own->packet, nat_forward(ctx, &view, own));
}

// Packets that are not plain, or are for no service. A program of its own, because one stack would be too short for
// both. Frames of several buffers are never plain: their IP packet is longer than the first buffer, which is all that
// the first program looks at; here their whole length is asked for. All headers are in the first buffer.
SEC("xdp.frags")
int sluice_ingress_any(struct xdp_md *ctx) {
    __u32 cpu = bpf_get_smp_processor_id();
    struct workspace *own = workspace_of(cpu);
    struct bounds bounds = bounds_of(ctx);
    const struct interface *in;
    struct packet *p;
    struct view view;
    int outcome;

    if (!own || !view_now(&view))
        return XDP_DROP;
    p = &own->packet;
    in = arrive(ctx, &view, cpu, bpf_xdp_get_buff_len(ctx), p);
    outcome = parse_frame(&bounds, p);
    if (outcome == CONTINUE)
        outcome = judge(ctx, &view, p, in);
    if (outcome == TRANSLATE) {
        bpf_tail_call(ctx, &programs, PROGRAM_TRANSLATE);
        outcome = OUTCOME_DROP_TAIL_CALL;
    }
    return account(p, outcome);
}

// A plain packet of either family: what the kernel is to do with it, CONTINUE where it is for no service, or TRANSLATE.
static __always_inline int serve(struct xdp_md *ctx, const struct view *view, struct packet *p,
                                 const struct interface *in) {
    const struct frontend *frontend = frontend_find(view, p->destination, p->protocol, p->destination_port);
    int outcome;

    if (unlikely(!frontend))
        return CONTINUE;
    outcome = judge_service(ctx, view, p, in, frontend);
    return likely(outcome != TRANSLATE) ? account(p, outcome) : TRANSLATE;
}

// A further program is not there: nothing passes by accident. A function of its own, so that the fast path need not
// keep anything for it.
__noinline int refuse(struct xdp_md *ctx, __u32 cpu) {
    struct workspace *own = workspace_of(cpu);
    struct view view;

    if (!own || !view_now(&view))
        return XDP_DROP;
    arrive(ctx, &view, cpu, bpf_xdp_get_buff_len(ctx), &own->packet);
    return account(&own->packet, OUTCOME_DROP_TAIL_CALL);
}

SEC("xdp.frags")
int sluice_ingress(struct xdp_md *ctx) {
    __u32 cpu = bpf_get_smp_processor_id();
    struct bounds bounds = bounds_of(ctx);
    int verdict = CONTINUE;
    struct view view;

    if (!view_now(&view))
        return XDP_DROP;
    // Once for each family: merged, they would pass everything known of the packet through the stack.
    if (likely(is_plain(&bounds, ETH_P_IP, IPV4_HEADER))) {
        struct packet p;
        const struct interface *in = arrive(ctx, &view, cpu, bounds_length(&bounds), &p);

        if (likely(plain_ipv4(bounds.data + ETH_HLEN, &p)))
            verdict = serve(ctx, &view, &p, in);
    } else if (is_plain(&bounds, ETH_P_IPV6, IPV6_HEADER)) {
        struct packet p;
        const struct interface *in = arrive(ctx, &view, cpu, bounds_length(&bounds), &p);

        if (likely(plain_ipv6(bounds.data + ETH_HLEN, &p)))
            verdict = serve(ctx, &view, &p, in);
    }
    if (likely(verdict >= 0))
        return verdict;
    if (verdict == TRANSLATE)
        bpf_tail_call(ctx, &programs, PROGRAM_TRANSLATE);
    else
        bpf_tail_call(ctx, &programs, PROGRAM_ANY);
    return refuse(ctx, cpu);
}

// On its way out: remembers flows that the node, or somebody behind it, opens, and translates backends' answers. Lets
// everything go.
SEC("tc")
int sluice_egress(struct __sk_buff *skb) {
    __u32 cpu = bpf_get_smp_processor_id();

    // Packets that sluice_resolve sends on were opened by somebody else.
    if (skb->tc_index == (RESOLVE_MAGIC & 0xffff))
        return TC_ACT_UNSPEC;
    for (int attempt = 0; attempt < 2; attempt++) {
        struct bounds bounds = {.data = (const void *)(long)skb->data, .end = (const void *)(long)skb->data_end};
        struct packet p = {.frame_length = skb->len, .cpu = cpu};
        int outcome = parse_frame(&bounds, &p);

        if (outcome == CONTINUE) {
            if (leave_translates()) {
                workspace_put(&p);
                // An answer to a peer's flow opens none.
                if (leave(skb, cpu))
                    break;
            }
            flow_note_outbound(&p);
            break;
        }
        // Headers may lie outside of the linear part.
        if (bounds.data + skb->len <= bounds.end || bpf_skb_pull_data(skb, skb->len < 256 ? skb->len : 256))
            break;
    }
    return TC_ACT_UNSPEC;
}

// Sends what sluice_ingress could not for want of a neighbour: the kernel queues it while it resolves the address.
SEC("tc")
int sluice_resolve(struct __sk_buff *skb) {
    struct resolve *note = (void *)(long)skb->data_meta;
    struct bpf_redir_neigh hop = {};

    if ((void *)(note + 1) > (void *)(long)skb->data || note->magic != RESOLVE_MAGIC)
        return TC_ACT_UNSPEC;
    hop.nh_family = note->family;
    __builtin_memcpy(hop.ipv6_nh, note->address, 16);
    // The note stays in front of the packet on its way through a veth pair, and must mean nothing to whoever is there.
    note->magic = 0;
    skb->tc_index = RESOLVE_MAGIC & 0xffff;
    return bpf_redirect_neigh(note->interface, &hop, sizeof(hop), 0);
}

// Processes and the names of their sockets' peers.
SEC("cgroup/connect4")
int sluice_connect4(struct bpf_sock_addr *ctx) { return socket_connect(ctx, 0); }

SEC("cgroup/connect6")
int sluice_connect6(struct bpf_sock_addr *ctx) { return socket_connect(ctx, 1); }

SEC("cgroup/sendmsg4")
int sluice_sendmsg4(struct bpf_sock_addr *ctx) { return socket_send(ctx, 0); }

SEC("cgroup/sendmsg6")
int sluice_sendmsg6(struct bpf_sock_addr *ctx) { return socket_send(ctx, 1); }

SEC("cgroup/recvmsg4")
int sluice_recvmsg4(struct bpf_sock_addr *ctx) { return socket_receive(ctx, 0); }

SEC("cgroup/recvmsg6")
int sluice_recvmsg6(struct bpf_sock_addr *ctx) { return socket_receive(ctx, 1); }

SEC("cgroup/getpeername4")
int sluice_getpeername4(struct bpf_sock_addr *ctx) { return socket_name_peer(ctx, 0); }

SEC("cgroup/getpeername6")
int sluice_getpeername6(struct bpf_sock_addr *ctx) { return socket_name_peer(ctx, 1); }

// The kernel's clocks side by side, from which the control plane learns the length of a jiffy.
struct {
    __u64 jiffies;
    __u64 nanoseconds;
} clock_sample;

SEC("xdp.frags")
int sluice_clock(struct xdp_md *ctx) {
    (void)ctx;
    clock_sample.jiffies = bpf_jiffies64();
    clock_sample.nanoseconds = bpf_ktime_get_ns();
    return XDP_PASS;
}

// For the far end of a veth pair, which must run some program before it accepts redirected frames.
SEC("xdp.frags")
int sluice_pass(struct xdp_md *ctx) {
    (void)ctx;
    return XDP_PASS;
}
