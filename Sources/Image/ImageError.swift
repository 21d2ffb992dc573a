/// Why a state cannot be made into an image, or bytes cannot be read as one.
public enum ImageError: Error, Equatable, Sendable {
    /// More combinations of address sets than the tables can tell apart.
    case tooManyClasses(limit: Int)
    /// A table would outgrow the numbers that name its entries.
    case tooLarge(what: String)
    /// The state contradicts itself; a defect of whoever made it.
    case inconsistent(String)
    /// The bytes do not begin as an image does.
    case notAnImage
    /// Written by a version whose tables this one cannot read.
    case otherVersion(UInt32)
    /// The bytes began as an image and went wrong.
    case corrupt(String)
}

extension ImageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooManyClasses(let limit):
            "the address sets overlap in more than \(limit) different ways, which is the most the tables can hold"
        case .tooLarge(let what): "\(what) do not fit the tables"
        case .inconsistent(let what): "contradictory state: \(what)"
        case .notAnImage: "holds no tables"
        case .otherVersion(let version): "tables of another version (\(version))"
        case .corrupt(let what): "damaged tables: \(what)"
        }
    }
}
