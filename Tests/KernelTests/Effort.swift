import Foundation

/// How far a test goes, by an environment variable: slow machines go less far, a search for defects further.
func effort(_ variable: String, otherwise: Int) -> Int {
    ProcessInfo.processInfo.environment[variable].flatMap(Int.init) ?? otherwise
}
