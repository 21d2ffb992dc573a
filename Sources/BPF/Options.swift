/// What libbpf is to take for the size of an option struct: everything up to `field`, the last one that matters.
///
/// Not the whole size, since libbpf wants the padding behind the last field to be zero, and Swift does not keep padding
/// when it copies a struct.
func optionsSize<Options, Field>(through field: KeyPath<Options, Field>) -> Int {
    guard let offset = MemoryLayout<Options>.offset(of: field) else { preconditionFailure("not a stored field") }
    return offset + MemoryLayout<Field>.size
}
