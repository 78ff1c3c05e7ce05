#!/usr/bin/env python3
"""ESP packets made by scapy (https://scapy.net, GPL-2.0-only; Debian's python3-scapy 2.5.0), which shares no code with
this project: `/usr/bin/python3 generate.py > packets.json`. The packets themselves are data, free of any licence.

Every line of the output but the first and last is one flat object of strings: `plain` is the IP packet before and
`wire` after. IVs of counter-based algorithms are the sequence number, so an encapsulation has to give the same bytes;
those of CBC are pseudo-random. Scapy does not put an extended sequence number under an HMAC, so there Python's hmac
does, and cryptography's CMAC (RFC 4303 2.2.1); over IPv4 it leaves 8 in the length of the UDP header, which is put right here; and it does not
set the last extension header's next header to UDP, so no packet here has both.
"""
import hashlib
import hmac
import json
import random
import struct

from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import algorithms
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting
from scapy.layers.ipsec import ESP, SecurityAssociation
from scapy.packet import Raw, raw

rng = random.Random(4303)
# name, scapy's name, key and salt bytes, IV bytes
CIPHERS = {
    "aes-gcm": ("AES-GCM", (20, 28, 36), 8),
    "chacha20-poly1305": ("CHACHA20-POLY1305", (36,), 8),
    "aes-cbc": ("AES-CBC", (16, 24, 32), 16),
    "aes-ctr": ("AES-CTR", (20, 28, 36), 8),
    "null": ("NULL", (0,), 0),
    "aes-ccm": ("AES-CCM", (19, 27, 35), 8),
    "des-cbc": ("DES", (8,), 8),
    "3des-cbc": ("3DES", (24,), 8),
    "blowfish-cbc": ("Blowfish", (16, 56), 8),
}
# name, scapy's name, key bytes, hash, ICV bytes
MACS = {
    "md5-96": ("HMAC-MD5-96", 16, hashlib.md5, 12),
    "sha1-96": ("HMAC-SHA1-96", 20, hashlib.sha1, 12),
    "sha256-128": ("SHA2-256-128", 32, hashlib.sha256, 16),
    "sha384-192": ("SHA2-384-192", 48, hashlib.sha384, 24),
    "sha512-256": ("SHA2-512-256", 64, hashlib.sha512, 32),
    "aes-cmac-96": ("AES-CMAC-96", 16, None, 12),
}


def suites():
    for size in (20, 28, 36):
        yield "aes-gcm", size, "none"
    yield "chacha20-poly1305", 36, "none"
    for mac in list(MACS)[:5]:
        yield "aes-cbc", rng.choice((16, 24, 32)), mac
        yield "null", 0, mac
    for size in (16, 24, 32):
        yield "aes-cbc", size, "sha256-128"
    for size in (20, 28, 36):
        yield "aes-ctr", size, rng.choice(("sha1-96", "sha256-128"))
    for size in (19, 27, 35):
        yield "aes-ccm", size, "none"
    yield "des-cbc", 8, "md5-96"
    yield "3des-cbc", 24, "sha1-96"
    yield "blowfish-cbc", 16, "sha1-96"
    yield "blowfish-cbc", 56, "aes-cmac-96"
    yield "null", 0, "aes-cmac-96"
    yield "aes-cbc", 16, "aes-cmac-96"


def mac_of(mac, key, data):
    if mac[2] is not None:
        return hmac.new(key, data, mac[2]).digest()[: mac[3]]
    c = cmac.CMAC(algorithms.AES(key))
    c.update(data)
    return c.finalize()[: mac[3]]


def upper(version):
    data = Raw(rng.randbytes(rng.randrange(0, 90)))
    if version == 4 and rng.random() < 0.3:
        return ICMP(type=8, id=7, seq=rng.randrange(65536)) / data
    if rng.random() < 0.5:
        return UDP(sport=rng.randrange(1024, 65536), dport=53) / data
    return TCP(sport=rng.randrange(1024, 65536), dport=443, seq=rng.randrange(2**32), flags="PA") / data


ENDS = {4: ("192.0.2.1", "198.51.100.2"), 6: ("2001:db8::1", "2001:db8:ffff::2")}


def plain(version, src, dst, shape):
    tos = rng.choice((0, 0x28, 0xB8)) | rng.choice((0, 1, 2))
    if version == 4:
        return IP(src=src, dst=dst, tos=tos, id=rng.randrange(65536), flags=rng.choice(("DF", 0)), ttl=63) / upper(4)
    packet = IPv6(src=src, dst=dst, tc=tos, hlim=63)
    if shape == "extensions":
        packet = packet / IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting(addresses=["2001:db8:7::7"], segleft=1)
    return packet / upper(6)


def case(encryption, size, integrity, mode, inner, outer, udp, esn, shape):
    name, _, iv_bytes = CIPHERS[encryption]
    key = rng.randbytes(size)
    spi = rng.randrange(256, 2**32)
    sequence = rng.randrange(1, 2**32) | (rng.randrange(1, 2**31) << 32 if esn else 0)
    low, high = sequence & 0xFFFFFFFF, sequence >> 32
    iv = rng.randbytes(iv_bytes) if encryption.endswith("-cbc") else struct.pack("!Q", sequence)[:iv_bytes]
    src, dst = ENDS[outer]
    if mode == "tunnel":
        ends = ("10.1.101.7", "10.1.202.9") if inner == 4 else ("2001:db8:a::7", "2001:db8:b::9")
        packet = plain(inner, *ends, shape)
        tos = packet.tos if inner == 4 else packet.tc
        if outer == 4:
            df = inner == 6 or packet.flags.DF
            header = IP(src=src, dst=dst, tos=tos, id=0 if df else low & 0xFFFF, flags="DF" if df else 0, ttl=64)
        else:
            header = IPv6(src=src, dst=dst, tc=tos, hlim=64)
    else:
        packet, header = plain(outer, src, dst, shape), None
    mac, mac_key = None, b""
    if integrity != "none":
        mac = MACS[integrity]
        mac_key = rng.randbytes(mac[1])
    sa = SecurityAssociation(
        ESP,
        spi=spi,
        crypt_algo=name,
        crypt_key=key,
        auth_algo=mac[0] if mac else None,
        auth_key=mac_key or None,
        tunnel_header=header,
        nat_t_header=UDP(sport=4500, dport=4501) if udp else None,
        esn_en=esn,
        esn=high,
    )
    wire = raw(sa.encrypt(packet.__class__(raw(packet)), seq_num=low, iv=iv))
    if udp and outer == 4:
        wire = wire[:24] + struct.pack("!H", len(wire) - 20) + wire[26:]
    if mac and esn:
        at = wire.index(struct.pack("!LL", spi, low))
        body = wire[at : -mac[3]]
        wire = wire[: -mac[3]] + mac_of(mac, mac_key, body + struct.pack("!L", high))
    return {
        "encryption": encryption,
        "encryptionKey": key.hex(),
        "integrity": integrity,
        "integrityKey": mac_key.hex(),
        "mode": mode,
        "src": src,
        "dst": dst,
        "udp": "4500 4501" if udp else "",
        "spi": str(spi),
        "esn": "yes" if esn else "no",
        "sequence": str(sequence),
        "plain": raw(packet).hex(),
        "wire": wire.hex(),
    }


def cases():
    for suite in suites():
        for mode, inner, outer, shape in (
            ("tunnel", 4, 4, ""),
            ("tunnel", 4, 6, ""),
            ("tunnel", 6, 4, ""),
            ("tunnel", 6, 6, "extensions"),
            ("transport", 4, 4, ""),
            ("transport", 6, 6, ""),
            ("transport", 6, 6, "extensions"),
        ):
            udp = rng.random() < 0.5 and (mode, shape) != ("transport", "extensions")
            yield case(*suite, mode, inner, outer, udp, rng.random() < 0.5, shape)


print("[\n" + ",\n".join(json.dumps(c) for c in cases()) + "\n]")
