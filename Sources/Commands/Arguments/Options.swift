internal import ArgumentParser
internal import Dataplane
import Net
import Policy

/// Which data plane of the node is meant.
struct InstanceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The data plane to work on, 'default' where not given; each has its own place under /sys/fs/bpf/sluice.",
            valueName: "name"),
        transform: parseInstance)
    var instance = Instance.default

    @Flag(help: "With an error, print all that the kernel and its verifier said.")
    var verbose = false
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON document instead of a table.")
    var json = false
}

struct FileArguments: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Policy files, together one document; '-' is standard input.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var files: [String]
}

private func parseInstance(_ name: String) throws -> Instance {
    do {
        return try Instance(name)
    } catch {
        throw ValidationError("\(error)")
    }
}

/// An address on the command line, without port or prefix length.
func parseAddress(_ text: String) throws -> IPAddress {
    guard let address = IPAddress(text) else { throw ValidationError("'\(text)' is no IPv4 or IPv6 address") }
    return address
}

/// Seconds of a duration as files have them, more than none.
func parseDuration(_ text: String) throws -> Int {
    guard let seconds = Duration.seconds(parsing: text), seconds > 0 else {
        throw ValidationError("'\(text)' is no duration: write it like 90s, 10m or 1h30m, up to a year")
    }
    return seconds
}
