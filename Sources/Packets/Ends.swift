import Net

/// The addresses of the IP header above, for the checksums below.
struct Ends {
    var source: IPAddress
    var destination: IPAddress

    /// Over the pseudo-header and `bytes`, in which the checksum's own field is 0.
    func checksum(_ ipProtocol: IPProtocol, _ bytes: [UInt8]) -> UInt16 {
        var checksum = InternetChecksum(from: source, to: destination, ipProtocol, length: bytes.count)
        checksum.add(bytes)
        return checksum.value
    }
}
