import Image
import Net
import Plan
import Policy
import Testing

@Suite struct QUICTableTests {
    private func service(_ name: String, firstSlot: UInt32, ids: [[UInt8]?]) -> ServiceState {
        let backends = ids.enumerated().map { number, id in
            var backend = BackendState(
                name: "\(number)", address: .v4(IPv4Address(0x0A00_0000 + firstSlot + UInt32(number))),
                slot: firstSlot + UInt32(number))
            backend.quicID = id
            return backend
        }
        var service = ServiceState(
            name: name, vips: [], ports: [], forward: .ipip, drainTime: 0, backends: backends, slot: firstSlot)
        service.quic = Service.QUIC()
        service.quic?.idLength = ids.lazy.compactMap { $0?.count }.first ?? 4
        return service
    }

    /// Every id leads to its backend, in every one of several services, and no other id to any.
    @Test(arguments: [0, 1, 5, 6, 100, 2000]) func everyIDIsFound(_ count: Int) throws {
        func id(_ number: Int) -> [UInt8] { [0, UInt8(number >> 8), UInt8(number & 255), UInt8(number & 7)] }
        let ids = (0..<count).map { $0 % 7 == 3 ? nil : id($0) }
        var state = State()
        state.services = [
            service("first", firstSlot: 1, ids: ids), service("zero", firstSlot: 5000, ids: [[1], [0]]),
            service("last", firstSlot: 6000, ids: ids.reversed()),
        ]
        let bytes = try Image.compile(PublishedState(state: state)).bytes
        let image = try bytes.withUnsafeBytes { try Image(reading: $0) }
        #expect(image.published.state == state)
        for (number, id) in ids.enumerated() {
            guard let id else { continue }
            #expect(image.quicBackend(service: 0, id: id) == number)
            #expect(image.quicBackend(service: 2, id: id) == count - 1 - number)
        }
        for number in count..<count + 100 { #expect(image.quicBackend(service: 0, id: id(number)) == nil) }
        #expect(image.quicBackend(service: 1, id: [0]) == 1)
        #expect(image.quicBackend(service: 1, id: [1]) == 0)
        #expect(image.quicBackend(service: 1, id: [2]) == nil)
    }
}
