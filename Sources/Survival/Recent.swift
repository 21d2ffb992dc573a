/// A table of so many connections at most; when it is full, the one that was not used for longest makes room.
///
/// The kernel's LRU maps only approximate this order.
struct Recent {
    private struct Entry {
        var key: UInt64
        var backend: Int
        var newer: Int
        var older: Int
    }

    private let capacity: Int
    private var places: [UInt64: Int] = [:]
    private var entries: [Entry] = []
    private var newest = -1
    private var oldest = -1

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    /// The backend, which counts as a use.
    mutating func use(_ key: UInt64) -> Int? {
        guard let place = places[key] else { return nil }
        if place != newest {
            unlink(place)
            makeNewest(place)
        }
        return entries[place].backend
    }

    mutating func insert(_ key: UInt64, _ backend: Int) {
        if use(key) != nil {
            entries[newest].backend = backend
            return
        }
        let entry = Entry(key: key, backend: backend, newer: -1, older: -1)
        let place: Int
        if entries.count < capacity {
            place = entries.count
            entries.append(entry)
        } else {
            place = oldest
            unlink(place)
            places[entries[place].key] = nil
            entries[place] = entry
        }
        places[key] = place
        makeNewest(place)
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (entries[place].newer, entries[place].older)
        if newer >= 0 { entries[newer].older = older } else { newest = older }
        if older >= 0 { entries[older].newer = newer } else { oldest = newer }
    }

    private mutating func makeNewest(_ place: Int) {
        entries[place].newer = -1
        entries[place].older = newest
        if newest >= 0 { entries[newest].newer = place } else { oldest = place }
        newest = place
    }
}
