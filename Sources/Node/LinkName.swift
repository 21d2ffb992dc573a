import Glibc
public import Plan

extension NodeFacts.Link {
    /// The name of the link with the kernel's `index`; `nil` where there is none.
    public static func name(ofIndex index: UInt32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
            guard let start = buffer.baseAddress, if_indextoname(index, start) != nil else { return nil }
            return String(cString: start)
        }
    }
}
