import Dataplane
import Image
import Plan
import Policy

/// What runs as an instance, and what it was made from: all of it read from the kernel.
struct Running {
    let dataplane: Dataplane
    /// Without the services' slots, which take long to read and say nothing to people: see ``image()``.
    let published: PublishedState

    var state: State { published.state }

    /// `nil` where nothing runs.
    init?(_ dataplane: Dataplane?) throws {
        guard let dataplane else { return nil }
        self.dataplane = dataplane
        published = try dataplane.withImage { try PublishedState(readingManifestOf: $0) }
    }

    /// - Throws: Where nothing runs, the sentence that says so.
    init(_ options: InstanceOptions) throws {
        guard let running = try Running(try Dataplane.open(options.instance)) else {
            throw Failure.nothingRuns(options.instance)
        }
        self = running
    }

    /// Everything, the slots too.
    func image() throws -> Image { try dataplane.image() }

    /// The files that were applied, read again.
    func document() throws -> Document { try parse(published.sources).0 }
}

extension Dataplane {
    /// The tables in use, read back.
    func image() throws -> Image { try withImage { try Image(reading: $0) } }
}
