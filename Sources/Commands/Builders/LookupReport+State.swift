import Net
import Plan

extension LookupReport {
    /// The named sets that hold the address, in the order of the file.
    init(_ address: IPAddress, in state: State) {
        self.init(
            address: address,
            identities: state.sets.compactMap { set in set.contains(address) ? set.identity : nil })
    }
}
