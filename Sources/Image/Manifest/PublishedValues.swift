internal import Net
internal import Plan
internal import Policy

extension SourceFile: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.text(name)
        writer.text(text)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init(name: try reader.text(), text: try reader.text())
    }
}

extension Override: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.text(service)
        writer.text(backend)
        switch change {
        case .add(let address, let weight, let group, let zone):
            writer.byte(0)
            address.write(to: &writer)
            writer.number(weight)
            writer.flag(group != nil)
            if let group { writer.text(group) }
            writer.flag(zone != nil)
            if let zone { writer.text(zone) }
        case .remove: writer.byte(1)
        case .drain: writer.byte(2)
        case .undrain: writer.byte(3)
        case .weight(let weight):
            writer.byte(4)
            writer.number(weight)
        case .split(let weight):
            writer.byte(5)
            writer.number(weight)
        case .drainFor(let seconds, let end):
            writer.byte(6)
            writer.signed(seconds)
            writer.number(end)
        }
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        let (service, backend) = (try reader.text(), try reader.text())
        let change: Change =
            switch try reader.byte() {
            case 0:
                .add(
                    address: try IPAddress(from: &reader), weight: try reader.number(),
                    group: try reader.flag() ? try reader.text() : nil,
                    zone: try reader.flag() ? try reader.text() : nil)
            case 1: .remove
            case 2: .drain
            case 3: .undrain
            case 4: .weight(try reader.number())
            case 5: .split(try reader.number())
            case 6: .drainFor(seconds: try reader.signed(), end: try reader.number())
            default: throw .corrupt("an unknown kind of override")
            }
        self.init(service: service, backend: backend, change: change)
    }
}

extension PublishedState: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        state.write(to: &writer)
        writer.list(sources)
        writer.list(overrides)
        writer.number(publishedAt)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init(
            state: try State(from: &reader), sources: try reader.list(), overrides: try reader.list(),
            publishedAt: try reader.number())
    }
}
