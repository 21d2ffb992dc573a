/// The manual page `sluice(1)`, written in the `man` macros from what the argument parser knows of the commands.
struct ManualPage {
    var tree: HelpTree
    var version: String

    var source: String {
        let commands = tree.command.leaves()
        var page = Roff()
        page.macro("TH", "SLUICE", "1", "", version, "Sluice")
        page.section("NAME")
        page.line("sluice \\- filter packets and balance load in front of the kernel's network stack")
        page.section("SYNOPSIS")
        for (path, command) in commands { synopsis(path, command, to: &page) }
        page.section("DESCRIPTION")
        page.paragraph(tree.command.discussion ?? "")
        page.section("COMMANDS")
        for (path, command) in commands { describe(path, command, to: &page) }
        page.section("COMMON OPTIONS")
        page.paragraph("Every command that looks at the kernel takes the first two, every one that prints a table all.")
        for argument in common(commands) { describe(argument, to: &page) }
        for (title, entries) in Self.closing {
            page.section(title)
            for (term, text) in entries { page.item(term, text) }
        }
        return page.source
    }

    private func synopsis(_ path: [String], _ command: HelpTree.Command, to page: inout Roff) {
        page.macro("SY", path.joined(separator: " "))
        for argument in command.arguments ?? [] where argument.isOwn { page.line(form(argument)) }
        page.macro("YS")
    }

    private func describe(_ path: [String], _ command: HelpTree.Command, to page: inout Roff) {
        page.macro("SS", path.joined(separator: " "))
        page.line(Roff.escape(command.abstract ?? ""))
        if let discussion = command.discussion { page.paragraph(discussion) }
        for argument in command.arguments ?? [] where argument.isOwn { describe(argument, to: &page) }
    }

    private func describe(_ argument: HelpTree.Argument, to page: inout Roff) {
        let standard = argument.defaultValue.map { " Default: \($0)." } ?? ""
        page.item(term(argument), (argument.abstract ?? "") + standard)
    }

    /// Each option that commands share, as the first command has it.
    private func common(_ commands: [(path: [String], command: HelpTree.Command)]) -> [HelpTree.Argument] {
        var seen: Set<String> = []
        return commands.flatMap { $0.command.arguments ?? [] }.filter { argument in
            argument.isCommon && seen.insert(argument.names?.last?.name ?? "").inserted
        }
    }

    /// As in a synopsis: what may be left out in brackets, what may be repeated with dots.
    private func form(_ argument: HelpTree.Argument) -> String {
        let term = argument.kind == .positional ? Roff.italic(placeholder(argument)) : self.term(argument)
        let repeated = term + (argument.isRepeating ? " ..." : "")
        return argument.isOptional || argument.defaultValue != nil ? "[" + repeated + "]" : repeated
    }

    private func term(_ argument: HelpTree.Argument) -> String {
        guard argument.kind != .positional else { return Roff.italic(placeholder(argument)) }
        let names = (argument.names ?? []).map { Roff.bold($0.dashed) }.joined(separator: ", ")
        return argument.kind == .flag ? names : names + " " + Roff.italic(placeholder(argument))
    }

    private func placeholder(_ argument: HelpTree.Argument) -> String { argument.valueName ?? "value" }

    private static let closing: [(String, [(String, String)])] = [
        (
            "EXIT STATUS",
            [
                ("0", "Done. For diff: nothing to change."),
                ("1", "Failed or refused. For diff, test and explain --expect: the answer differs."),
                ("2", "Wrong usage. For diff: any error."),
            ]
        ),
        (
            "ENVIRONMENT",
            [
                ("NO_COLOR", "Where set and not empty, output is never coloured."),
                (
                    "SSH_CONNECTION",
                    "Where set, check and apply warn of a policy that would cut the session they are typed in."
                ),
            ]
        ),
        (
            "FILES",
            [
                ("/sys/fs/bpf/sluice/NAME/", "All of an instance: programs, links and tables, pinned in the kernel."),
                ("/run/sluice/", "Locks between commands that change something."),
            ]
        ),
    ]
}
