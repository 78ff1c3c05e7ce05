#!/usr/bin/env python3
"""AH packets made by scapy (https://scapy.net, GPL-2.0-only; Debian's python3-scapy 2.5.0), which shares no code with
this project: `/usr/bin/python3 generate-ah.py > ah-packets.json`. The packets themselves are data, free of any licence.

Every line of the output but the first and last is one flat object of strings: `plain` is the IP packet before and
`wire` after. Scapy zeroes mutable fields, options and extension headers by RFC 4302 3.3.3.1 with code of its own. Where it
falls short the ICV is made here, with Python's hmac and cryptography's CMAC: it leaves the extended sequence number out,
knows no AES-XCBC (the construction of RFC 3566 stands below), and aligns AH over IPv6 to 4 bytes instead of 8 (RFC 4302
2.2). What is under the ICV is always what scapy's zero_mutable_fields says.
"""
import hashlib
import hmac
import json
import random
import socket
import struct

from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from scapy.layers.inet import (
    ICMP, IP, TCP, UDP, IPOption_LSRR, IPOption_NOP, IPOption_Router_Alert, IPOption_RR, IPOption_Security,
    IPOption_Timestamp,
)
from scapy.layers.inet6 import (
    HBHOptUnknown, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN, RouterAlert,
)
from scapy.layers.ipsec import AH, zero_mutable_fields
from scapy.packet import Raw, raw

rng = random.Random(4302)
# name, key bytes, hash, ICV bytes
MACS = {
    "md5-96": (16, hashlib.md5, 12),
    "sha1-96": (20, hashlib.sha1, 12),
    "sha256-128": (32, hashlib.sha256, 16),
    "sha384-192": (48, hashlib.sha384, 24),
    "sha512-256": (64, hashlib.sha512, 32),
    "aes-cmac-96": (16, "cmac", 12),
    "aes-xcbc-96": (16, "xcbc", 12),
}


def xcbc(key, data):
    def aes(k, block):
        e = Cipher(algorithms.AES(k), modes.ECB()).encryptor()
        return e.update(block) + e.finalize()

    k1, k2, k3 = (aes(key, bytes([i]) * 16) for i in (1, 2, 3))
    blocks = [data[i : i + 16] for i in range(0, len(data), 16)] or [b""]
    e = bytes(16)
    for block in blocks[:-1]:
        e = aes(k1, bytes(a ^ b for a, b in zip(e, block)))
    last = blocks[-1]
    mask = k2 if len(last) == 16 else k3
    if len(last) < 16:
        last = (last + b"\x80").ljust(16, b"\0")
    return aes(k1, bytes(a ^ b ^ c for a, b, c in zip(last, e, mask)))


def mac_of(name, key, data):
    _, kind, size = MACS[name]
    if kind == "xcbc":
        return xcbc(key, data)[:size]
    if kind == "cmac":
        c = cmac.CMAC(algorithms.AES(key))
        c.update(data)
        return c.finalize()[:size]
    return hmac.new(key, data, kind).digest()[:size]


def upper(version):
    data = Raw(rng.randbytes(rng.randrange(0, 90)))
    if version == 4 and rng.random() < 0.3:
        return ICMP(type=8, id=7, seq=rng.randrange(65536)) / data
    if rng.random() < 0.5:
        return UDP(sport=rng.randrange(1024, 65536), dport=53) / data
    return TCP(sport=rng.randrange(1024, 65536), dport=443, seq=rng.randrange(2**32), flags="PA") / data


ENDS = {4: ("192.0.2.1", "198.51.100.2"), 6: ("2001:db8::1", "2001:db8:ffff::2")}
OPTIONS = {
    "alert": [IPOption_Router_Alert()],
    "record": [IPOption_RR(pointer=8, routers=["192.0.2.99", "0.0.0.0"]), IPOption_NOP()],
    "security": [IPOption_Security(security=0xABCD), IPOption_NOP()],
    "stamp": [IPOption_Router_Alert(), IPOption_Timestamp()],
    "route": [IPOption_LSRR(pointer=4, routers=["203.0.113.9", "203.0.113.77"]), IPOption_NOP()],
}


def plain(version, src, dst, shape):
    tos = rng.choice((0, 0x28, 0xB8)) | rng.choice((0, 1, 2))
    if version == 4:
        options = OPTIONS.get(shape, [])
        identification = rng.randrange(1, 65536)
        flags = rng.choice(("DF", 0))
        return IP(src=src, dst=dst, tos=tos, id=identification, flags=flags, ttl=63, options=options) / upper(4)
    packet = IPv6(src=src, dst=dst, tc=tos, fl=rng.randrange(2**20), hlim=63)
    if shape == "hopbyhop":
        # 0x3e may change en route, 0x1e may not.
        options = [RouterAlert(), HBHOptUnknown(otype=0x3E, optdata=b"abc"), HBHOptUnknown(otype=0x1E, optdata=b"de")]
        packet = packet / IPv6ExtHdrHopByHop(options=options)
    elif shape == "routing":
        packet = packet / IPv6ExtHdrRouting(addresses=["2001:db8:7::7", "2001:db8:8::8"], segleft=2)
    elif shape == "destination":
        hop = IPv6ExtHdrHopByHop(options=[RouterAlert()])
        to = IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x3E, optdata=b"x" * 4), PadN(optdata=b"\0" * 2)])
        packet = packet / hop / to / IPv6ExtHdrRouting(addresses=["2001:db8:7::7"], segleft=0)
    return packet / upper(6)


def split(packet):
    """The bytes before the point where AH goes, the offset of the field that names it, and the rest."""
    data = raw(packet)
    if data[0] >> 4 == 4:
        at = (data[0] & 15) * 4
        return data[:at], 9, data[at:]
    at, field = 40, 6
    while data[field] in (0, 43, 60):
        field, at = at, at + (data[at + 1] + 1) * 8
    return data[:at], field, data[at:]


def case(integrity, mode, inner, outer, esn, shape):
    key = rng.randbytes(MACS[integrity][0])
    spi = rng.randrange(256, 2**32)
    sequence = rng.randrange(1, 2**32) | (rng.randrange(1, 2**31) << 32 if esn else 0)
    low, high = sequence & 0xFFFFFFFF, sequence >> 32
    src, dst = ENDS[outer]
    if mode == "tunnel":
        ends = ("10.1.101.7", "10.1.202.9") if inner == 4 else ("2001:db8:a::7", "2001:db8:b::9")
        packet = plain(inner, *ends, shape)
        tos = packet.tos if inner == 4 else packet.tc
        if outer == 4:
            df = inner == 6 or packet.flags.DF
            header = raw(IP(src=src, dst=dst, tos=tos, id=low & 0xFFFF or 1, flags="DF" if df else 0, ttl=64, proto=51))
            field = 9
        else:
            header, field = raw(IPv6(src=src, dst=dst, tc=tos, hlim=64, nh=51)), 6
        body, next_header = raw(packet), 4 if inner == 4 else 41
    else:
        packet = plain(outer, src, dst, shape)
        header, field, body = split(packet)
        next_header = header[field]
    size = MACS[integrity][2]
    align = 4 if outer == 4 else 8
    total = (12 + size + align - 1) // align * align
    padding = bytes(total - 12 - size)

    def whole(icv, head):
        ah = struct.pack("!BBHLL", next_header, total // 4 - 2, 0, spi, low) + icv + padding
        out = bytearray(head + ah + body)
        out[field] = 51
        if outer == 4:
            out[2:4] = struct.pack("!H", len(out))
            out[10:12] = b"\0\0"
            return checksummed(out)
        out[4:6] = struct.pack("!H", len(out) - 40)
        return bytes(out)

    wire = whole(bytes(size), header)
    layer = (IP if outer == 4 else IPv6)(wire)
    cleared = raw(zero_mutable_fields(layer, sending=shape == "routing"))
    if shape == "route":
        # Scapy leaves the destination, which a source route changes, as it is (RFC 4302 3.3.3.1.1.2).
        cleared = cleared[:16] + socket.inet_aton("203.0.113.77") + cleared[20:]
    assert AH in layer and len(cleared) == len(wire)
    icv = mac_of(integrity, key, cleared + (struct.pack("!L", high) if esn else b""))
    sent = whole(icv, header)
    arrived = travelled(sent, outer, shape)
    opened = raw(packet)
    if mode == "transport":
        out = bytearray(arrived[: len(header)] + body)
        out[field] = next_header
        if outer == 4:
            out[2:4] = struct.pack("!H", len(out))
            out[10:12] = b"\0\0"
            opened = checksummed(out)
        else:
            out[4:6] = struct.pack("!H", len(out) - 40)
            opened = bytes(out)
    return {
        "encryption": "null",
        "encryptionKey": "",
        "integrity": integrity,
        "integrityKey": key.hex(),
        "mode": mode,
        "src": src,
        "dst": dst,
        "spi": str(spi),
        "esn": "yes" if esn else "no",
        "sequence": str(sequence),
        "shape": shape,
        "header": str(len(header)),
        "plain": raw(packet).hex(),
        "wire": sent.hex(),
        "arrived": arrived.hex(),
        "opened": opened.hex(),
    }


def travelled(packet, version, shape):
    """The packet as its destination sees it: routers count down, label flows, and follow source routes."""
    p = bytearray(packet)
    if version == 4:
        p[8] -= 2
        if shape == "route":
            p[22] += 8
            p[23:31] = p[16:20] + p[23:27]
            p[16:20] = socket.inet_aton("203.0.113.77")
        p[10:12] = b"\0\0"
        return checksummed(p)
    p[7] -= 2
    p[1:4] = bytes([p[1] & 0xF0 | 0x5]) + rng.randbytes(2)
    if shape == "routing":
        p[43] = 0
        p[24:40], p[48:64], p[64:80] = p[64:80], p[24:40], p[48:64]
    return bytes(p)


def checksummed(packet):
    size = (packet[0] & 15) * 4
    words = struct.unpack(f"!{size // 2}H", bytes(packet[:size]))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    packet[10:12] = struct.pack("!H", ~total & 0xFFFF)
    return bytes(packet)


def cases():
    for integrity in MACS:
        for esn in (False, True):
            for mode, inner, outer, shape in (
                ("tunnel", 4, 4, ""),
                ("tunnel", 4, 6, ""),
                ("tunnel", 6, 4, ""),
                ("tunnel", 6, 6, ""),
                ("transport", 4, 4, ""),
                ("transport", 4, 4, "alert"),
                ("transport", 4, 4, "record"),
                ("transport", 4, 4, "security"),
                ("transport", 4, 4, "stamp"),
                ("transport", 4, 4, "route"),
                ("transport", 6, 6, ""),
                ("transport", 6, 6, "hopbyhop"),
                ("transport", 6, 6, "routing"),
                ("transport", 6, 6, "destination"),
            ):
                yield case(integrity, mode, inner, outer, esn, shape)


print("[\n" + ",\n".join(json.dumps(c) for c in cases()) + "\n]")
