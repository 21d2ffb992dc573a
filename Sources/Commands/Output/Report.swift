/// What a command found out, as data; the rendering is the environment's.
protocol Report {
    /// The whole answer, every key always there.
    var json: JSON { get }
    /// What a person reads; ends with a newline unless empty.
    func text(_ style: Style) -> String
}
