import Foundation
import PackagePlugin

/// Compiles `NAME.bpf.c` into the target that uses the plugin, as `enum NameObject`.
///
/// A target's programs lie in its own directory `objects`, or else in the package's `bpf`. Programs further below are not
/// the target's; every header beside or below is an input: changing one compiles them again.
@main
struct CompileBPF: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let package = context.package.directoryURL
        let own = target.directoryURL.appending(path: "objects")
        let directory = FileManager.default.fileExists(atPath: own.path) ? own : package.appending(path: "bpf")
        let script = package.appending(path: "tools/compile-bpf")
        let files = try sources(below: directory)
        let headers = files.filter { $0.pathExtension == "h" }

        let programs = files.filter {
            $0.lastPathComponent.hasSuffix(".bpf.c") && $0.deletingLastPathComponent().path == directory.path
        }

        return programs.map { source in
            let identifier = identifier(of: source)
            let output = context.pluginWorkDirectoryURL.appending(path: "\(identifier).swift")
            return .buildCommand(
                displayName: "Compiling \(source.lastPathComponent) for the kernel",
                executable: URL(filePath: "/bin/sh"),
                arguments: [script.path, source.path, identifier, output.path, directory.path],
                inputFiles: [script, source] + headers,
                outputFiles: [output])
        }
    }

    private func sources(below directory: URL) throws -> [URL] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
            .filter { $0.hasSuffix(".c") || $0.hasSuffix(".h") }
            .map { directory.appending(path: $0) }
    }

    /// `packet-generator.bpf.c` becomes `PacketGeneratorObject`.
    private func identifier(of source: URL) -> String {
        let name = source.lastPathComponent.dropLast(".bpf.c".count)
        return name.split { $0 == "-" || $0 == "_" }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
            + "Object"
    }
}
