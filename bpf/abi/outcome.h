// What can become of a packet. Each packet ends with exactly one outcome, and is counted under it once.
//
// X(SYMBOL, swiftName, "name", ACTION, "sentence")
//   name      what people and scripts see: the `reason` of explain, the label of a counter
//   ACTION    what the kernel is told to do with the packet
#pragma once

#include <linux/types.h>

#define SLUICE_OUTCOMES(X)                                                                                             \
    X(PASS_UPKEEP, passUpkeep, "upkeep", PASS, "keeps a link or a neighbour working (ARP, LLDP, neighbour discovery)") \
    X(PASS_ALLOWED, passAllowed, "allowed", PASS, "a rule allows it")                                                  \
    X(PASS_DEFAULT, passDefault, "default", PASS, "no rule decides and the default is allow")                          \
    X(PASS_REPLY, passReply, "reply", PASS, "answers a flow that the node opened")                                     \
    X(TX_FORWARDED, txForwarded, "allowed", TX, "sent to a backend through the interface it came from")                \
    X(PASS_FORWARDED, passForwarded, "allowed", PASS, "sent to a backend that is this node itself")                    \
    X(TX_REPLY, txReply, "reply", TX, "a backend's answer, translated and sent out where it came in")                  \
    X(REDIRECT_REPLY, redirectReply, "reply", REDIRECT, "a backend's answer, translated, through another interface")   \
    X(REDIRECT_REPLY_RESOLVE, redirectReplyResolve, "reply", REDIRECT,                                                 \
      "a backend's answer, translated and sent by the kernel, which first resolves the next hop's address")            \
    X(TX_ECHO, txEcho, "echo", TX, "an ICMP echo to a VIP, answered")                                                  \
    X(REDIRECT_FORWARDED, redirectForwarded, "allowed", REDIRECT, "sent to a backend through another interface")       \
    X(REDIRECT_RESOLVE, redirectResolve, "allowed", REDIRECT,                                                          \
      "sent to a backend by the kernel, which first resolves the next hop's address")                                  \
    X(DROP_MALFORMED, dropMalformed, "malformed", DROP, "headers or addresses that no honest sender makes")            \
    X(DROP_NOT_IP, dropNotIP, "not_ip", DROP, "neither IP nor a protocol that a link needs")                           \
    X(DROP_NO_SERVICE, dropNoService, "no_service", DROP, "to a VIP's address, on a port that is no service")          \
    X(DROP_SOURCE, dropSource, "source", DROP, "from outside of the sources that the service is for")                  \
    X(DROP_POLICY, dropPolicy, "policy", DROP, "a rule denies it")                                                     \
    X(DROP_DEFAULT, dropDefault, "default", DROP, "no rule allows it and the default is deny")                         \
    X(DROP_NO_BACKEND, dropNoBackend, "no_backend", DROP, "the service has no usable backend")                         \
    X(DROP_FRAGMENT, dropFragment, "fragment", DROP, "a later fragment whose first fragment was not let through")      \
    X(DROP_TOO_BIG, dropTooBig, "too_big", DROP, "does not fit the path to the backend; the sender is told the MTU")   \
    X(DROP_NO_ROUTE, dropNoRoute, "no_route", DROP, "the kernel has no route to the backend")                          \
    X(DROP_HOP_LIMIT, dropHopLimit, "hop_limit", DROP, "its hop limit ends here, and it is to be routed to a backend") \
    X(DROP_NO_PORT, dropNoPort, "no_port", DROP, "no port of the node's is free to masquerade a new flow with")        \
    X(DROP_NO_FLOW, dropNoFlow, "no_flow", DROP, "an ICMP error about a translated flow that is not known")            \
    X(DROP_TUNNEL, dropTunnel, "tunnel", DROP,                                                                         \
      "a tunnel packet whose headers are not understood, or without an IP packet")                                     \
    X(DROP_TUNNEL_VNI, dropTunnelVNI, "tunnel_vni", DROP, "in a tunnel of a virtual network that is not taken here")   \
    X(DROP_TUNNEL_ECN, dropTunnelECN, "tunnel_ecn", DROP,                                                              \
      "marked for congestion on the way through a tunnel, and its sender would not understand the mark")               \
    X(DROP_INTERNAL, dropInternal, "internal", DROP, "a table held something impossible; please report it")            \
    X(DROP_TAIL_CALL, dropTailCall, "tail_call", DROP, "the program's second part is gone; apply brings it back")

// `open`: Swift must accept values that a newer program knows and it does not.
enum __attribute__((enum_extensibility(open))) outcome {
#define X(symbol, swift, name, action, sentence) OUTCOME_##symbol __attribute__((swift_name(#swift))),
    SLUICE_OUTCOMES(X)
#undef X
        OUTCOME_COUNT __attribute__((swift_name("count"))),
};

// Room for outcomes in the counters; more than there are, so that adding one does not move the others.
#define OUTCOME_ROOM 64

// What is counted beside outcomes, from the end of their room on.
#define NOTICE_UNREMEMBERED                                                                                            \
    (OUTCOME_ROOM - 1) // a packet went by hash: more flows began in that second than may be kept
#define NOTICE_ROOM 8

_Static_assert(OUTCOME_COUNT <= OUTCOME_ROOM - NOTICE_ROOM, "outcomes outgrew their counters");

#ifndef __bpf__
// What people see. An outcome that this build does not know has the words of DROP_INTERNAL.
#define X(symbol, swift, name, action, sentence)                                                                       \
    case OUTCOME_##symbol:                                                                                             \
        return name;
static inline const char *outcome_name(__u32 outcome) {
    switch (outcome) { SLUICE_OUTCOMES(X) }
    return "internal";
}
#undef X
#define X(symbol, swift, name, action, sentence)                                                                       \
    case OUTCOME_##symbol:                                                                                             \
        return #action;
static inline const char *outcome_action(__u32 outcome) {
    switch (outcome) { SLUICE_OUTCOMES(X) }
    return "DROP";
}
#undef X
#define X(symbol, swift, name, action, sentence)                                                                       \
    case OUTCOME_##symbol:                                                                                             \
        return sentence;
static inline const char *outcome_sentence(__u32 outcome) {
    switch (outcome) { SLUICE_OUTCOMES(X) }
    return "an outcome that this version does not know";
}
#undef X
#endif
