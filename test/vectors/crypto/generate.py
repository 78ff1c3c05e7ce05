#!/usr/bin/env python3
"""Writes suites.json: for each suite the SHA-256 of all of its sealed messages, text lengths 0..2048, by libgcrypt.

Keys, IVs and texts are SHAKE256 of names, so that the test makes the same ones. Run: python3 generate.py > suites.json
"""
import ctypes
import hashlib
import hmac
import json

g = ctypes.CDLL('libgcrypt.so.20')
g.gcry_check_version(None)
ECB, CBC, CTR, CCM, GCM = 1, 3, 6, 8, 9
AES = {16: 7, 24: 8, 32: 9}
TWOFISH = {16: 303, 32: 10}
CAMELLIA = {16: 310, 24: 311, 32: 312}
TDES, BLOWFISH, DES = 2, 4, 302


class Cipher:
    def __init__(self, algorithm, mode, key):
        self.handle = ctypes.c_void_p()
        assert g.gcry_cipher_open(ctypes.byref(self.handle), algorithm, mode, 0) == 0
        error = g.gcry_cipher_setkey(self.handle, key, ctypes.c_size_t(len(key)))
        # A weak key (43) is still a key.
        assert error & 0xffff in (0, 43), error

    def encrypt(self, text):
        out = ctypes.create_string_buffer(bytes(text), len(text))
        if text:
            assert g.gcry_cipher_encrypt(self.handle, out, ctypes.c_size_t(len(text)), None, ctypes.c_size_t(0)) == 0
        return out.raw

    def iv(self, iv):
        assert g.gcry_cipher_setiv(self.handle, iv, ctypes.c_size_t(len(iv))) == 0

    def counter(self, block):
        assert g.gcry_cipher_setctr(self.handle, block, ctypes.c_size_t(len(block))) == 0

    def aad(self, aad):
        assert g.gcry_cipher_authenticate(self.handle, aad, ctypes.c_size_t(len(aad))) == 0

    def tag(self, length):
        out = ctypes.create_string_buffer(length)
        assert g.gcry_cipher_gettag(self.handle, out, ctypes.c_size_t(length)) == 0
        return out.raw


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def block_mac(kind, key, data):
    """RFC 3566 and RFC 4493, over libgcrypt's AES."""
    def e(k, block):
        return Cipher(AES[16], ECB, k).encrypt(block)
    if kind == 'aes-xcbc-96':
        k1, whole, padded = (e(key, bytes([i]) * 16) for i in (1, 2, 3))
    else:
        k1 = key
        def double(b):
            n = int.from_bytes(b, 'big') << 1
            return (n ^ 0x87 if n >> 128 else n).to_bytes(17, 'big')[1:]
        whole = double(e(key, bytes(16)))
        padded = double(whole)
    blocks = [data[i:i + 16] for i in range(0, len(data), 16)] or [b'']
    last = blocks.pop()
    mask = whole if len(last) == 16 else padded
    if len(last) < 16:
        last = last + b'\x80' + bytes(15 - len(last))
    cipher = Cipher(AES[16], CBC, k1)
    cipher.iv(bytes(16))
    return cipher.encrypt(b''.join(blocks) + xor(last, mask))[-16:]


def integrity(name, key, data):
    if name.startswith('aes-'):
        return block_mac(name, key, data)[:12]
    hash_name, bits = name.split('-')
    return hmac.new(key, data, hash_name).digest()[:int(bits) // 8]


def seal(suite, key, mac_key, head, text, high):
    name = suite['encryption']
    aad, iv = head[:8], head[8:]
    extended = aad[:4] + high + aad[4:]
    if name == 'aes-ccm':
        cipher = Cipher(AES[len(key) - 3], CCM, key[:-3])
        cipher.iv(key[-3:] + iv)
        lengths = (ctypes.c_uint64 * 3)(len(text), len(extended), suite['icvBytes'])
        assert g.gcry_cipher_ctl(cipher.handle, 69, ctypes.byref(lengths), ctypes.c_size_t(24)) == 0
        cipher.aad(extended)
        return head + cipher.encrypt(text) + cipher.tag(suite['icvBytes'])
    if name == 'null-aes-gmac':
        cipher = Cipher(AES[len(key) - 4], GCM, key[:-4])
        cipher.iv(key[-4:] + iv)
        cipher.aad(extended + iv + text)
        return head + text + cipher.tag(16)
    if name == 'camellia-ctr':
        cipher = Cipher(CAMELLIA[len(key) - 4], CTR, key[:-4])
        cipher.counter(key[-4:] + iv + b'\0\0\0\1')
    elif name == 'null':
        cipher = None
    else:
        algorithm = {'des-cbc': {8: DES}, '3des-cbc': {24: TDES}, 'twofish-cbc': TWOFISH, 'camellia-cbc': CAMELLIA,
                     'aes-cbc': AES}.get(name, {len(key): BLOWFISH})[len(key)]
        cipher = Cipher(algorithm, CBC, key)
        cipher.iv(iv)
    sealed = head + (cipher.encrypt(text) if cipher else text)
    return sealed + integrity(suite['integrity'], mac_key, sealed + high)


def shake(name, length):
    return hashlib.shake_256(name.encode()).digest(length)


def suites():
    for name, sizes, block in [('des-cbc', [8], 8), ('3des-cbc', [24], 8), ('blowfish-cbc', [5, 16, 56], 8),
                               ('twofish-cbc', [16, 32], 16), ('camellia-cbc', [16, 24, 32], 16)]:
        for size in sizes:
            yield dict(encryption=name, keyBytes=size, ivBytes=block, blockBytes=block, integrity='sha1-96', macBytes=20)
    for size in (20, 28, 36):
        yield dict(encryption='camellia-ctr', keyBytes=size, ivBytes=8, blockBytes=1, integrity='sha256-128', macBytes=32)
    for size in (19, 27, 35):
        for icv in (8, 12, 16):
            yield dict(encryption='aes-ccm', keyBytes=size, ivBytes=8, blockBytes=1, integrity='none', macBytes=0,
                       icvBytes=icv)
    for size in (20, 28, 36):
        yield dict(encryption='null-aes-gmac', keyBytes=size, ivBytes=8, blockBytes=1, integrity='none', macBytes=0)
    for mac in ('aes-xcbc-96', 'aes-cmac-96'):
        yield dict(encryption='null', keyBytes=0, ivBytes=0, blockBytes=1, integrity=mac, macBytes=16)
        yield dict(encryption='aes-cbc', keyBytes=16, ivBytes=16, blockBytes=16, integrity=mac, macBytes=16)


lines = []
for suite in suites():
    label = ' '.join(str(suite[k]) for k in ('encryption', 'keyBytes', 'integrity'))
    label += f" {suite.get('icvBytes', 16)}"
    key, mac_key = shake(label + ' key', suite['keyBytes']), shake(label + ' mac', suite['macBytes'])
    digest = hashlib.sha256()
    for length in range(0, 2049, suite['blockBytes']):
        head, high = shake(f'{label} head {length}', 8 + suite['ivBytes']), length.to_bytes(4, 'big')
        digest.update(seal(suite, key, mac_key, head, shake(f'{label} text {length}', length), high))
    lines.append('  ' + json.dumps({**suite, 'sha256': digest.hexdigest()}))
print('[\n' + ',\n'.join(lines) + '\n]')
