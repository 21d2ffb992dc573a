internal import CLibbpf
internal import Glibc

/// A compiled object, opened and not yet loaded: the time to set sizes, constants and shared maps.
public struct ObjectFile: ~Copyable {
    let object: OpaquePointer
    let name: String

    /// Opens `bytes`, an ELF object for the bpf target with BTF. `name` is what the kernel's names of its data sections
    /// begin with.
    public init(_ bytes: [UInt8], name: String) throws(BPFError) {
        var options = bpf_object_open_opts()
        options.sz = optionsSize(through: \bpf_object_open_opts.object_name)
        let (object, log) = name.withCString { cName in
            options.object_name = cName
            return LibbpfLog.capture { bpf_object__open_mem(bytes, bytes.count, &options) }
        }
        guard let object else {
            throw BPFError("open object \(name)", code: errno, hint: "it is no BPF object, or damaged", log: log)
        }
        self.object = object
        self.name = name
    }

    deinit { bpf_object__close(object) }

    public func setMaxEntries(_ count: UInt32, ofMap map: String) throws(BPFError) {
        let map = try find(map)
        try call("size map \(map.name) for \(count) entries") { bpf_map__set_max_entries(map.pointer, count) }
    }

    /// Sets the size in bytes of a map's values, where the source leaves it to the loader.
    public func setValueSize(_ size: Int, ofMap map: String) throws(BPFError) {
        let map = try find(map)
        try call("size values of map \(map.name) for \(size) bytes") {
            bpf_map__set_value_size(map.pointer, UInt32(size))
        }
    }

    /// Takes `map` for the object's map of that name instead of making one. Data sections are maps too: `.bss`, `.data`,
    /// `.rodata`; one that is reused keeps its content.
    public func reuse(_ map: borrowing MapHandle, asMap name: String) throws(BPFError) {
        let own = try find(name)
        let expected = (bpf_map__key_size(own.pointer), bpf_map__value_size(own.pointer))
        try map.information.require(key: Int(expected.0), value: Int(expected.1))
        try call("reuse map \(name)") { bpf_map__reuse_fd(own.pointer, map.descriptor.rawValue) }
    }

    /// Loads only the programs named, where an object holds more than are wanted.
    public func loadOnly(_ programs: Set<String>) throws(BPFError) { try select { programs.contains($0) } }

    /// Loads all programs but those named, which the kernel would refuse.
    public func leaveOut(_ programs: Set<String>) throws(BPFError) { try select { !programs.contains($0) } }

    private func select(_ isWanted: (String) -> Bool) throws(BPFError) {
        var program = bpf_object__next_program(object, nil)
        while let current = program {
            let name = String(cString: bpf_program__name(current))
            try call("select program \(name)") { bpf_program__set_autoload(current, isWanted(name)) }
            program = bpf_object__next_program(object, current)
        }
    }

    /// Sets what the global variable `name` holds when the programs start; for `const volatile` ones, forever.
    public func setVariable<Value: BitwiseCopyable>(_ name: String, to value: Value) throws(BPFError) {
        let variable = try variable(name)
        guard variable.size == MemoryLayout<Value>.stride else {
            throw BPFError(
                "set variable \(name)", code: EINVAL,
                hint: "it has \(variable.size) bytes, not \(MemoryLayout<Value>.stride)")
        }
        var size = 0
        let map = try find(variable.section)
        guard let content = bpf_map__initial_value(map.pointer, &size), variable.offset + variable.size <= size else {
            throw BPFError("set variable \(name)", code: EINVAL, hint: "\(variable.section) has no initial value")
        }
        // libbpf hands out its own buffer, read by the load, as `const`.
        UnsafeMutableRawPointer(mutating: content).storeBytes(of: value, toByteOffset: variable.offset, as: Value.self)
    }

    /// Makes the maps and loads the programs. On failure the error carries the verifier's log.
    public consuming func load() throws(BPFError) -> Object {
        let object = self.object
        let (result, log) = LibbpfLog.capture { bpf_object__load(object) }
        guard result == 0 else {
            throw BPFError("load object \(name)", code: -result, hint: Self.hint(for: -result), log: log)
        }
        return Object(self)
    }

    private static func hint(for code: Int32) -> String? {
        switch code {
        case E2BIG: "too large or too complex for this kernel's verifier"
        case ENOMEM: "not enough memory for its maps"
        default: nil
        }
    }

    func find(_ name: String) throws(BPFError) -> (pointer: OpaquePointer, name: String) {
        guard let map = bpf_object__find_map_by_name(object, name) else {
            throw BPFError("find map \(name) in object \(self.name)", code: ENOENT)
        }
        return (map, name)
    }
}
