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
            checkServices(source, in: state, image, seed)
            checkEcho(source, in: state, image, seed)
        }
    }

    private func checkAddress(_ address: IPAddress, in state: State, _ image: Image, _ seed: UInt64) {
        let value = image.addressValue(of: address)
        #expect(value.isOwn == state.nodeAddresses.contains(address), "\(address), seed \(seed)")
        #expect(value.isVIP == state.services.contains { $0.vips.contains(address) }, "\(address), seed \(seed)")
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

    private func checkServices(_ source: IPAddress, in state: State, _ image: Image, _ seed: UInt64) {
        for (index, service) in state.services.enumerated() {
            for vip in service.vips {
                for match in service.ports {
                    let port = match.selectors.lowerBound
                    let frontend = image.frontend(vip, match.ipProtocol, port: port)
                    #expect(frontend?.service == index, "\(vip) \(match), seed \(seed)")
                    let cell = image.cell(
                        subject: frontend?.subject ?? 0, sourceClass: image.addressValue(of: source).addressClass)
                    let expected = Reference.frontendCell(
                        state, source: source, vip: vip, services: [index], match.ipProtocol, port)
                    #expect((cell.allows, cell.rule) == expected, "\(source) to \(vip) \(match), seed \(seed)")
                    #expect(image.frontend(vip, match.ipProtocol, port: port ^ 0x4000) == nil, "seed \(seed)")
                }
            }
        }
    }

    private func checkEcho(_ source: IPAddress, in state: State, _ image: Image, _ seed: UInt64) {
        for vip in Set(state.services.flatMap(\.vips)) {
            let ipProtocol = vip.family == .v4 ? IPProtocol.icmp : .icmpv6
            let frontend = image.frontend(vip, ipProtocol, port: 0)
            #expect((frontend != nil) == state.echoReply, "\(vip), seed \(seed)")
            guard let frontend else { continue }
            #expect(frontend.service == nil, "\(vip), seed \(seed)")
            let cell = image.cell(subject: frontend.subject, sourceClass: image.addressValue(of: source).addressClass)
            let expected = Reference.frontendCell(
                state, source: source, vip: vip,
                services: state.services.indices.filter { state.services[$0].vips.contains(vip) }, ipProtocol,
                vip.family == .v4 ? 8 << 8 : 128 << 8, otherwise: true)
            #expect((cell.allows, cell.rule) == expected, "\(source) pings \(vip), seed \(seed)")
        }
    }
}
