internal import CLibbpf
internal import Glibc

/// The reader of a ring buffer map. A record is handed to one reader only.
public final class RingBuffer {
    private let map: MapHandle
    private let ring: OpaquePointer
    private let sink: Sink

    /// What libbpf's callback can reach.
    private final class Sink {
        var receive: ((UnsafeRawBufferPointer) -> Void)?
    }

    public init(_ map: consuming MapHandle) throws(BPFError) {
        LibbpfLog.silence()
        let sink = Sink()
        let ring = ring_buffer__new(
            map.descriptor.rawValue,
            { context, data, size in
                guard let context else { return 0 }
                Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
                    .receive?(UnsafeRawBufferPointer(start: data, count: size))
                return 0
            }, Unmanaged.passUnretained(sink).toOpaque(), nil)
        guard let ring else { throw .last("read ring buffer \(map.information.name)") }
        self.sink = sink
        self.ring = ring
        self.map = map
    }

    deinit { ring_buffer__free(ring) }

    /// Hands each record that is there to `body`, having waited up to `timeout` for the first. Returns their number; 0
    /// also where a signal ended the wait.
    @discardableResult
    public func poll(timeout: Duration, _ body: (UnsafeRawBufferPointer) -> Void) throws(BPFError) -> Int {
        let (seconds, attoseconds) = timeout.components
        let milliseconds = Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        let result = withoutActuallyEscaping(body) { body in
            sink.receive = body
            defer { sink.receive = nil }
            return ring_buffer__poll(ring, milliseconds)
        }
        if result == -EINTR { return 0 }
        return Int(try call("read ring buffer \(map.information.name)") { result })
    }
}
