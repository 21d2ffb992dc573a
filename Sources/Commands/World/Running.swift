import Dataplane
import Image
import Plan
import Policy

/// What runs as an instance, and what it was made from: all of it read from the kernel.
struct Running {
    let dataplane: Dataplane
    /// Its tables, read back.
    let image: Image

    var published: PublishedState { image.published }
    var state: State { published.state }

    /// `nil` where nothing runs.
    init?(_ dataplane: Dataplane?) throws {
        guard let dataplane else { return nil }
        self.dataplane = dataplane
        image = try dataplane.withImage { try Image(reading: $0) }
    }

    /// - Throws: Where nothing runs, the sentence that says so.
    init(_ options: InstanceOptions) throws {
        guard let running = try Running(try Dataplane.open(options.instance)) else {
            throw Failure.nothingRuns(options.instance)
        }
        self = running
    }

    /// The files that were applied, read again.
    func document() throws -> Document { try parse(published.sources).0 }
}
