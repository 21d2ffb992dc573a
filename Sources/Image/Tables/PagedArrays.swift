internal import DataplaneABI

/// Builds paged arrays (see `image.h`): equal pages are stored once, and so are equal directories, so two arrays of one
/// length have the same base exactly where they have the same content.
///
/// For that to hold, words of the last page behind the array's end repeat the array's last word.
struct PagedArrays {
    private var pagePool = WordPool()
    private var directoryPool = WordPool()
    private var constantPages: [UInt32: UInt32] = [:]

    static let pageWords = Int(PAGE_WORDS)

    static func pageCount(_ count: Int) -> Int { (count + pageWords - 1) / pageWords }

    var pages: [UInt32] { pagePool.words }
    var directories: [UInt32] { directoryPool.words }

    func word(_ base: UInt32, _ index: Int) -> UInt32 {
        let page = directories[Int(base) + index / Self.pageWords]
        return pages[Int(page) * Self.pageWords + index % Self.pageWords]
    }

    func words(_ base: UInt32, count: Int) -> [UInt32] { (0..<count).map { word(base, $0) } }

    func directory(_ base: UInt32, count: Int) -> ArraySlice<UInt32> {
        directories[Int(base)..<Int(base) + Self.pageCount(count)]
    }

    func page(_ number: UInt32) -> ArraySlice<UInt32> {
        pages[Int(number) * Self.pageWords..<(Int(number) + 1) * Self.pageWords]
    }

    /// Interns a page; `words` holds exactly one.
    mutating func intern(page words: [UInt32]) -> UInt32 { UInt32(pagePool.intern(words) / Self.pageWords) }

    /// Interns a directory and so names the array of its pages.
    mutating func intern(directory: [UInt32]) -> UInt32 { UInt32(directoryPool.intern(directory)) }

    mutating func constantPage(_ word: UInt32) -> UInt32 {
        if let page = constantPages[word] { return page }
        let page = intern(page: [UInt32](repeating: word, count: Self.pageWords))
        constantPages[word] = page
        return page
    }

    /// `count` times the same word.
    mutating func array(repeating word: UInt32, count: Int) -> UInt32 {
        intern(directory: [UInt32](repeating: constantPage(word), count: Self.pageCount(count)))
    }

    mutating func array(_ words: [UInt32]) -> UInt32 {
        var directory: [UInt32] = []
        for start in stride(from: 0, to: words.count, by: Self.pageWords) {
            var page = Array(words[start..<min(start + Self.pageWords, words.count)])
            while page.count < Self.pageWords { page.append(page[page.count - 1]) }
            directory.append(intern(page: page))
        }
        return intern(directory: directory)
    }
}

/// A paged array on its way to becoming another one: only the pages that change are copied.
struct PagedDraft {
    private let count: Int
    private(set) var directory: [UInt32]
    /// Per page of the directory: where its changed words lie in `scratch`; -1 while it is as it was.
    private var place: [Int32]
    private var scratch: [UInt32] = []
    private var changed: [Int] = []

    init(_ base: UInt32, count: Int, of arrays: PagedArrays) {
        self.count = count
        directory = Array(arrays.directory(base, count: count))
        place = [Int32](repeating: -1, count: directory.count)
    }

    /// Exchanges whole pages, all of one number for the same other one. Only before the first ``update``.
    mutating func mapPages(_ transform: (UInt32) -> UInt32) {
        var known: [UInt32: UInt32] = [:]
        for index in directory.indices {
            let old = directory[index]
            let new = known[old] ?? transform(old)
            known[old] = new
            directory[index] = new
        }
    }

    mutating func update(_ index: Int, of arrays: PagedArrays, _ change: (inout UInt32) -> Void) {
        let page = index / PagedArrays.pageWords
        if place[page] < 0 {
            place[page] = Int32(scratch.count)
            scratch.append(contentsOf: arrays.page(directory[page]))
            changed.append(page)
        }
        change(&scratch[Int(place[page]) + index % PagedArrays.pageWords])
    }

    mutating func finish(into arrays: inout PagedArrays) -> UInt32 {
        for page in changed {
            let start = Int(place[page])
            var words = Array(scratch[start..<start + PagedArrays.pageWords])
            let used = min(count - page * PagedArrays.pageWords, PagedArrays.pageWords)
            for index in used..<PagedArrays.pageWords { words[index] = words[used - 1] }
            directory[page] = arrays.intern(page: words)
        }
        return arrays.intern(directory: directory)
    }
}
