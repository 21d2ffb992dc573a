internal import DataplaneABI

/// The control plane's own notes in an image: a header, then a ``PublishedState`` without slots.
///
/// Header: version and 0 as little-endian words of 32 bits, then the checksum of the image and the body.
enum Manifest {
    /// To be raised with every change of what ``ManifestValue``s write.
    static let version: UInt32 = 2
    static let headerBytes = 16

    /// - Parameter checksum: of the rest of the image; a manifest vouches for the image it lies in.
    static func seal(_ body: [UInt8], checksum: UInt64) -> [UInt8] {
        let sum = body.withUnsafeBytes { hash($0, into: checksum) }
        let header = [UInt64(version), sum]
        return header.withUnsafeBytes { Array($0) } + body
    }

    static func open(_ bytes: [UInt8], checksum: UInt64) throws(ImageError) -> PublishedState {
        guard bytes.count >= headerBytes else { throw .corrupt("there is no manifest") }
        let (version, expected) = bytes.withUnsafeBytes {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        guard version == UInt64(Self.version) else { throw .otherVersion(version.lowWord) }
        let body = Array(bytes[headerBytes...])
        guard body.withUnsafeBytes({ hash($0, into: checksum) }) == expected else {
            throw .corrupt("the checksum does not match")
        }
        return try decode(body)
    }

    static func decode(_ body: [UInt8]) throws(ImageError) -> PublishedState {
        var reader = ManifestReader(body)
        let published = try PublishedState(from: &reader)
        guard reader.isAtEnd else { throw .corrupt("the manifest goes on behind its end") }
        return published
    }
}
