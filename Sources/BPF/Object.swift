internal import CLibbpf
internal import Glibc

/// A loaded object. Its maps and programs can be taken out; those live on without it.
public struct Object: ~Copyable {
    private let file: ObjectFile

    init(_ file: consuming ObjectFile) { self.file = file }

    public func map(_ name: String) throws(BPFError) -> MapHandle {
        let map = try file.find(name)
        return try MapHandle(Descriptor.duplicate(bpf_map__fd(map.pointer)))
    }

    public func program(_ name: String) throws(BPFError) -> Program {
        guard let program = bpf_object__find_program_by_name(file.object, name) else {
            throw BPFError("find program \(name) in object \(file.name)", code: ENOENT)
        }
        let descriptor = bpf_program__fd(program)
        guard descriptor >= 0 else {
            throw BPFError("find program \(name) in object \(file.name)", code: ENOENT, hint: "it was not loaded")
        }
        return try Program(Descriptor.duplicate(descriptor))
    }

    public func variable(_ name: String) throws(BPFError) -> Variable { try file.variable(name) }
}
