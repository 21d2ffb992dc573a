import Image
import Net
import Plan
import Testing

/// Random states, compiled and read back from their bytes: the tables must answer as the rules do one by one.
@Suite struct VerdictTests {
    private static let seeds = (0..<150).map { _ in UInt64.random(in: 0 ... .max) }

    @Test(arguments: seeds) func tablesAnswerAsTheRulesDo(seed: UInt64) throws {
        var random = RandomState(seed: seed)
        let state = random.state()
        let compiled = try Image.compile(PublishedState(state: state))
        let image = try compiled.bytes.withUnsafeBytes { try Image(reading: $0) }
        #expect(image.published.state == state, "seed \(seed)")
        for _ in 0..<60 {
            let source = random.interestingAddress(state)
            let destination = random.interestingAddress(state)
            checkAddress(source, in: state, image, seed)
            checkPlanes(source, destination, in: state, image, seed, &random)
            checkServices(source, destination, in: state, image, seed)
            checkEcho(source, destination, in: state, image, seed)
        }
    }

    private func checkAddress(_ address: IPAddress, in state: State, _ image: Image, _ seed: UInt64) {
        let value = image.addressValue(of: address)
        #expect(value.isOwn == state.nodeAddresses.contains(address), "\(address), seed \(seed)")
        #expect(value.isVIP == state.services.contains { $0.hasVIP(address) }, "\(address), seed \(seed)")
    }

    private func checkPlanes(
        _ source: IPAddress, _ destination: IPAddress, in state: State, _ image: Image, _ seed: UInt64,
        _ random: inout RandomState
    ) {
        let ipProtocol = random.pick([IPProtocol.tcp, .udp, .icmp, .icmpv6, .gre, .esp])
        let selector = random.pick([0, 8 << 8, 128 << 8, 128 << 8 | 1, UInt16(random.number(75...205)), .max])
        for plane in Image.Plane.allCases {
            let subject = image.subject(
                plane, destinationClass: image.addressValue(of: destination).addressClass,
                portClass: image.portClass(ipProtocol, selector))
            let cell = image.cell(subject: subject, sourceClass: image.addressValue(of: source).addressClass)
            let expected = Reference.planeCell(
                state, plane, source: source, destination: destination, ipProtocol, selector)
            #expect(
                (cell.allows, cell.rule) == expected,
                "\(source) to \(destination), \(ipProtocol) \(selector), \(plane), seed \(seed)")
        }
    }

    /// Frontends, exact and wide, on VIPs and within prefixes.
    private func checkServices(
        _ source: IPAddress, _ other: IPAddress, in state: State, _ image: Image, _ seed: UInt64
    ) {
        for (index, service) in state.services.enumerated() {
            for vip in service.vips + service.vipPrefixes.flatMap({ [$0.address, $0.last] }) + [other]
            where service.hasVIP(vip) {
                for match in service.ports {
                    for port in [match.selectors.lowerBound, match.selectors.upperBound] {
                        checkFrontend(source, vip, match.ipProtocol, port, index, in: state, image, seed)
                    }
                    let unserved = match.selectors.upperBound ^ 0x4000
                    #expect(image.frontend(vip, match.ipProtocol, port: unserved) == nil, "seed \(seed)")
                }
            }
        }
    }

    private func checkFrontend(
        _ source: IPAddress, _ vip: IPAddress, _ ipProtocol: IPProtocol, _ port: UInt16, _ service: Int,
        in state: State, _ image: Image, _ seed: UInt64
    ) {
        let frontend = image.frontend(vip, ipProtocol, port: port)
        #expect(frontend?.service == service, "\(vip) \(port)/\(ipProtocol), seed \(seed)")
        let cell = image.cell(
            subject: frontend?.subject ?? 0, sourceClass: image.addressValue(of: source).addressClass)
        let isOutside =
            state.services[service].sources.map { !$0.contains { state.sets[$0].contains(source) } } ?? false
        let place = "\(source) to \(vip) \(port)/\(ipProtocol), seed \(seed)"
        #expect(cell.isOutsideSources == isOutside, "\(place)")
        let expected =
            isOutside
            ? (false, 0)
            : Reference.frontendCell(state, source: source, vip: vip, services: [service], ipProtocol, port)
        #expect((cell.allows, cell.rule) == expected, "\(place)")
    }

    private func checkEcho(
        _ source: IPAddress, _ other: IPAddress, in state: State, _ image: Image, _ seed: UInt64
    ) {
        let candidates = state.services.flatMap(\.allVIPs).flatMap { [$0.address, $0.last] } + [other]
        for vip in Set(candidates) where state.services.contains(where: { $0.hasVIP(vip) }) {
            let ipProtocol = vip.family == .v4 ? IPProtocol.icmp : .icmpv6
            let frontend = image.frontend(vip, ipProtocol, port: 0)
            #expect((frontend != nil) == state.echoReply, "\(vip), seed \(seed)")
            guard let frontend else { continue }
            #expect(frontend.service == nil, "\(vip), seed \(seed)")
            let cell = image.cell(subject: frontend.subject, sourceClass: image.addressValue(of: source).addressClass)
            let expected = Reference.frontendCell(
                state, source: source, vip: vip,
                services: state.services.indices.filter { state.services[$0].hasVIP(vip) }, ipProtocol,
                vip.family == .v4 ? 8 << 8 : 128 << 8, otherwise: true)
            #expect((cell.allows, cell.rule) == expected, "\(source) pings \(vip), seed \(seed)")
        }
    }
}
