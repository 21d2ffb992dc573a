/// The right to change an instance, held by one command at a time until this value ends.
public struct InstanceLock: ~Copyable {
    /// Waits up to `patience` for whoever holds the lock, and then says who does.
    public init(_ instance: Instance, patience: Duration = .seconds(10)) throws(DataplaneError) {}
}
