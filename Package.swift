// swift-tools-version: 6.2
import PackageDescription

/// One strictness for all our own Swift: language mode 6, and no warning survives a build.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], plugins: [Target.PluginUsage] = []
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict, plugins: plugins)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], exclude: [String] = [],
    plugins: [Target.PluginUsage] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, resources: resources,
        swiftSettings: strict, plugins: plugins)
}

let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "sluice",
    products: [
        .executable(name: "sluice", targets: ["sluice"]),
        .library(name: "BPF", targets: ["BPF"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // Pure: no kernel, no root.
        module("Net"),
        module("Maglev"),
        module("Policy", ["Net", yams]),
        module("Plan", ["Net", "Maglev", "Policy"]),
        module("Packets", ["Net"]),
        module("Oracle", ["Net", "Packets", "Plan", "Policy"]),
        module("Survival", ["Net", "Oracle", "Packets", "Plan", "Policy"]),
        .systemLibrary(name: "DataplaneABI", path: "bpf/abi"),
        module("Image", ["Net", "Policy", "Plan", "DataplaneABI"]),

        // The kernel.
        module("Node", ["Net", "Plan"]),
        .systemLibrary(
            name: "CLibbpf", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev", "libelf-dev", "zlib1g-dev"])]),
        module("BPF", ["CLibbpf"]),
        .plugin(name: "CompileBPF", capability: .buildTool()),
        module("Dataplane", ["BPF", "DataplaneABI", "Image", "Net", "Plan", "Policy"], plugins: ["CompileBPF"]),

        // People.
        module("Commands", ["Dataplane", "Image", "Net", "Node", "Packets", "Plan", "Policy", argumentParser]),
        .executableTarget(name: "sluice", dependencies: ["Commands"], swiftSettings: strict),

        .target(name: "TestSupport", dependencies: ["BPF", "Net"], path: "Tests/TestSupport", swiftSettings: strict),
        tests("NetTests", ["Net"]),
        tests("MaglevTests", ["Maglev"]),
        tests("PolicyTests", ["Policy", "Net"]),
        tests("PlanTests", ["Plan", "Policy", "Net"]),
        tests("PacketsTests", ["Packets", "Net"]),
        tests("OracleTests", ["Oracle", "Packets", "Plan", "Policy", "Net"]),
        tests("SurvivalTests", ["Survival", "Net", "Oracle", "Packets", "Plan", "Policy"]),
        tests("ImageTests", ["Image", "Plan", "Policy", "Net", "DataplaneABI"]),
        tests("BPFTests", ["BPF"], exclude: ["objects"], plugins: ["CompileBPF"]),
        tests("DataplaneTests", ["BPF", "Dataplane", "DataplaneABI", "Net", "Policy"]),
        tests("NodeTests", ["Node", "Plan", "Net"]),
        tests(
            "CommandsTests", ["BPF", "Commands", "Dataplane", "Image", "Net", "Packets", "Plan", "Policy"],
            exclude: ["Fixtures", "Goldens"]),
        tests(
            "KernelTests", ["BPF", "Dataplane", "DataplaneABI", "Image", "Net", "Oracle", "Packets", "Plan", "Policy"]),
        tests("LabTests", ["BPF", "Dataplane", "Image", "Net", "Node", "Plan", "Policy"]),
    ]
)
