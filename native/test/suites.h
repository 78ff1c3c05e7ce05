// Every encryption and every integrity algorithm, with the lengths of their keys, in the pairs that the tests use.
#pragma once
#include <memory>
#include <span>

#include "crypto/implementation.h"
#include "crypto/suite.h"

namespace rp::test {

using crypto::Encryption, crypto::Implementation, crypto::Integrity, crypto::Suite, crypto::SuiteSpec;

struct NamedSuite {
  Encryption encryption;
  size_t keyBytes;
  Integrity integrity;
  size_t integrityBytes;
};
constexpr NamedSuite kSuites[] = {
    {Encryption::aesGcm, 20, Integrity::none, 0},          {Encryption::aesGcm, 28, Integrity::none, 0},
    {Encryption::aesGcm, 36, Integrity::none, 0},          {Encryption::chacha20Poly1305, 36, Integrity::none, 0},
    {Encryption::aesCbc, 16, Integrity::md5_96, 16},       {Encryption::aesCbc, 16, Integrity::sha1_96, 20},
    {Encryption::aesCbc, 24, Integrity::sha256_128, 32},   {Encryption::aesCbc, 32, Integrity::sha256_128, 32},
    {Encryption::aesCbc, 32, Integrity::sha384_192, 48},   {Encryption::aesCbc, 32, Integrity::sha512_256, 64},
    {Encryption::aesCtr, 20, Integrity::sha1_96, 20},      {Encryption::aesCtr, 36, Integrity::sha256_128, 32},
    {Encryption::desCbc, 8, Integrity::md5_96, 16},        {Encryption::tripleDesCbc, 24, Integrity::sha1_96, 20},
    {Encryption::blowfishCbc, 16, Integrity::sha1_96, 20}, {Encryption::blowfishCbc, 56, Integrity::sha1_96, 20},
    {Encryption::twofishCbc, 16, Integrity::sha1_96, 20},  {Encryption::twofishCbc, 32, Integrity::sha1_96, 20},
    {Encryption::camelliaCbc, 16, Integrity::sha1_96, 20}, {Encryption::camelliaCbc, 32, Integrity::sha256_128, 32},
    {Encryption::camelliaCtr, 20, Integrity::sha1_96, 20}, {Encryption::camelliaCtr, 36, Integrity::sha1_96, 20},
    {Encryption::aesCcm, 19, Integrity::none, 0},          {Encryption::aesCcm, 35, Integrity::none, 0},
    {Encryption::nullAesGmac, 20, Integrity::none, 0},     {Encryption::nullAesGmac, 36, Integrity::none, 0},
    {Encryption::aesCbc, 16, Integrity::aesXcbc96, 16},    {Encryption::null, 0, Integrity::aesCmac96, 16},
    {Encryption::null, 0, Integrity::aesXcbc96, 16},       {Encryption::aesCcm, 27, Integrity::none, 0},
    {Encryption::null, 0, Integrity::sha256_128, 32},      {Encryption::null, 0, Integrity::sha1_96, 20},
};

inline std::unique_ptr<Suite> makeSuite(const NamedSuite& n, std::span<const uint8_t> key,
                                        std::span<const uint8_t> integrityKey, const Implementation* i,
                                        uint8_t icvBytes = 16) {
  SuiteSpec spec;
  spec.encryption = n.encryption;
  spec.encryptionKey = key;
  spec.icvBytes = icvBytes;
  spec.integrity = n.integrity;
  spec.integrityKey = integrityKey;
  spec.implementation = i;
  return std::make_unique<Suite>(spec);
}

}  // namespace rp::test
