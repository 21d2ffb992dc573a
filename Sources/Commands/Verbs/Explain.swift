internal import ArgumentParser
import Dataplane
import Plan
import Policy

struct Explain: Command {
    static let configuration = CommandConfiguration(
        abstract: "Show what happens to a packet, and which rule decides.",
        discussion: """
            The program in the kernel answers, over the tables in force; nothing is sent, counted or remembered.

            sluice explain --from 203.0.113.9 --to 192.0.2.10:443/tcp
            sluice explain --from 2001:db8:1::5 --to '[2001:db8::10]:443/tcp' --expect allow
            """)

    @Option(help: ArgumentHelp("The sender; with a port, [ADDRESS]:PORT for IPv6.", valueName: "address[:port]"))
    var from: String

    @Option(
        help: ArgumentHelp(
            "The destination: ADDRESS:PORT/PROTO, ADDRESS/icmp/TYPE or ADDRESS/PROTO.", valueName: "destination"))
    var to: String

    @Option(help: "Where the packet comes in; the file's first interface where not given.")
    var interface: String?

    @Option(
        help: ArgumentHelp("Exit with 1 unless the verdict is this: allow or deny.", valueName: "verdict"),
        completion: .list(Action.allCases.map(\.rawValue)), transform: parseAction)
    var expect: Action?

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    var isVerbose: Bool { instance.verbose }

    func validate() throws { _ = try flow() }

    func run(in environment: Environment) throws {
        let flow = try flow()
        let running = try Running(instance)
        let interface = try self.interface.map { name in
            let interfaces = running.state.interfaces
            guard let interface = interfaces.first(where: { $0.name == name }) else {
                throw Failure.unknown("interface", name, among: interfaces.map(\.name))
            }
            return interface
        }
        let report = try Examination(running.dataplane.dryRunner(), running.state).explain(flow, interface: interface)
        environment.show(report, json: output.json)
        if let expect, expect != report.verdict { throw Failure.silent(.failed) }
    }

    private func flow() throws -> Flow {
        do {
            return try Flow(from: from, to: to)
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

private func parseAction(_ text: String) throws -> Action {
    guard let action = Action(rawValue: text) else { throw ValidationError("'\(text)' is neither allow nor deny") }
    return action
}
