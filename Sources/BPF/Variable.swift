internal import CLibbpf
internal import Glibc

/// Where a global variable of an object lies.
public struct Variable: Sendable, Equatable {
    /// The map of its data section: `.bss`, `.data`, `.rodata`, or what the source calls it.
    public var section: String
    /// Bytes from the section's beginning.
    public var offset: Int
    /// Bytes.
    public var size: Int
}

extension ObjectFile {
    /// `BTF_KIND_DATASEC`.
    private static let dataSection: UInt32 = 15

    /// Finds a global variable by the object's BTF.
    public func variable(_ name: String) throws(BPFError) -> Variable {
        guard let types = bpf_object__btf(object) else {
            throw BPFError("find variable \(name)", code: ENOENT, hint: "compile the object with -g: it has no BTF")
        }
        for id in 1..<btf__type_cnt(types) {
            guard let section = btf__type_by_id(types, id), section.kind == Self.dataSection else { continue }
            let entries = UnsafeRawPointer(section + 1).assumingMemoryBound(to: btf_var_secinfo.self)
            for index in 0..<section.memberCount {
                let entry = entries[index]
                guard let variable = btf__type_by_id(types, entry.type),
                    String(cString: btf__name_by_offset(types, variable.pointee.name_off)) == name
                else { continue }
                return Variable(
                    section: String(cString: btf__name_by_offset(types, section.pointee.name_off)),
                    offset: Int(entry.offset), size: Int(entry.size))
            }
        }
        throw BPFError("find variable \(name)", code: ENOENT, hint: "object \(self.name) has none of that name")
    }
}

// `info` of a BTF type: the kind in bits 24…28, the number of members in the low 16.
extension UnsafePointer<btf_type> {
    fileprivate var kind: UInt32 { pointee.info >> 24 & 0x1f }
    fileprivate var memberCount: Int { Int(pointee.info & 0xffff) }
}
