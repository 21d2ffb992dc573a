/// How much was counted under something; bytes are of whole frames as they came in.
struct Traffic: Equatable, Sendable {
    var packets: UInt64 = 0
    var bytes: UInt64 = 0

    static func + (left: Traffic, right: Traffic) -> Traffic {
        Traffic(packets: left.packets &+ right.packets, bytes: left.bytes &+ right.bytes)
    }

    /// The two keys that every counted thing has.
    var members: [JSON.Member] {
        [JSON.Member(key: "packets", value: JSON(packets)), JSON.Member(key: "bytes", value: JSON(bytes))]
    }
}

/// Packets by what the kernel was told to do with them.
struct Dispositions: Equatable, Sendable {
    var pass: UInt64 = 0
    var drop: UInt64 = 0
    var tx: UInt64 = 0
    var redirect: UInt64 = 0

    static func + (left: Dispositions, right: Dispositions) -> Dispositions {
        Dispositions(
            pass: left.pass &+ right.pass, drop: left.drop &+ right.drop, tx: left.tx &+ right.tx,
            redirect: left.redirect &+ right.redirect)
    }

    var json: JSON {
        ["pass": JSON(pass), "drop": JSON(drop), "tx": JSON(tx), "redirect": JSON(redirect)]
    }
}
