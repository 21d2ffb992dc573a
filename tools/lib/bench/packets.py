"""The bench's packets: TCP to a VIP, as templates whose varying bits the generator fills in."""

import ipaddress
import struct
from dataclasses import dataclass

PORT = 443
ACK, SYN = 0x10, 0x02

# Varying bits are 0 here: the low 24 of the second word of IPv6, of the only word of IPv4.
CLIENTS = {4: "10.0.0.0", 6: "2001:db8::1"}
STRANGERS = {4: "172.0.0.0", 6: "2001:db8:7f00::1"}
CLIENT_PREFIXES = {4: "10.0.0.0/8", 6: "2001:db8::/40"}
# The service's number is added to the last word.
VIPS = {4: "198.18.4.0", 6: "2001:db8:ffff::1:0"}


@dataclass(frozen=True)
class Packet:
    version: int
    flags: int = ACK
    source: str = ""
    destination: str = ""
    source_port: int = 0
    destination_mac: str = "02:00:00:00:00:01"
    # The smallest that hold what the generator rewrites.
    length: int = 80

    def frame(self) -> bytes:
        source = packed(self.source or CLIENTS[self.version])
        destination = packed(self.destination or VIPS[self.version])
        head = 20 if self.version == 4 else 40
        payload = bytes(self.length - 14 - head - 20)
        tcp = struct.pack("!HHIIBBHHH", self.source_port, PORT, 1, 1, 5 << 4, self.flags, 65535, 0, 0)
        pseudo = source + destination + struct.pack("!II", len(tcp) + len(payload), 6)
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) + tcp[18:]
        if self.version == 4:
            ip = struct.pack("!BBHHHBBH", 0x45, 0, self.length - 14, 0, 0x4000, 64, 6, 0) + source + destination
            ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
            kind = 0x0800
        else:
            ip = struct.pack("!IHBB", 6 << 28, len(tcp) + len(payload), 6, 64) + source + destination
            kind = 0x86DD
        ethernet = bytes.fromhex(self.destination_mac.replace(":", "")) + bytes.fromhex("020000000002")
        return ethernet + struct.pack("!H", kind) + ip + tcp + payload

    def template(self) -> str:
        """For the generator, which expects complemented checksums to add to."""
        frame = bytearray(self.frame())
        places = [24, 50] if self.version == 4 else [70]
        for place in places:
            frame[place] ^= 0xFF
            frame[place + 1] ^= 0xFF
        return frame.hex()


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def plus(address: str, number: int) -> str:
    return str(ipaddress.ip_address(address) + number)


def checksum(data: bytes) -> int:
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
