#include "crypto/suite.h"

#include <initializer_list>
#include <string>

#include "base/error.h"
#include "crypto/cbc_cipher.h"
#include "crypto/implementation.h"
#include "crypto/kernel.h"
#include "crypto/suite_keys.h"

namespace rp::crypto {

Suite::Suite(const SuiteSpec& spec)
    : encryption_(spec.encryption), integrity_(spec.integrity), keys_(std::make_unique<Keys>()) {
  const Implementation& i = spec.implementation != nullptr ? *spec.implementation : defaultImplementation();
  Keys& k = *keys_;
  k.implementation = &i;
  std::span<const uint8_t> key = spec.encryptionKey;
  const auto want = [&](std::initializer_list<size_t> sizes) {
    wantKeyBytes("encryptionKey", name(encryption_), key.size(), sizes);
  };
  const auto takeSalt = [&](size_t bytes = 4) {
    std::memcpy(k.salt, key.data() + key.size() - bytes, bytes);
    key = key.first(key.size() - bytes);
  };
  const auto wantIcv = [&](bool ok, const char* list) {
    if (ok) return;
    throw ArgumentError(std::string("icvBytes: ") + name(encryption_) + " has " + list + ", got " +
                        std::to_string(spec.icvBytes));
  };
  const bool someIcv = spec.icvBytes == 8 || spec.icvBytes == 12 || spec.icvBytes == 16;
  if (const CbcChoice cbc = chooseCbc(encryption_, key, i); cbc.kernel != nullptr) {
    ivBytes_ = blockBytes_ = cbc.blockBytes;
    k.cipher = cbc.kernel;
  }
  switch (encryption_) {
    case Encryption::null:
      want({0});
      break;
    case Encryption::aesCtr:
      want({20, 28, 36});
      takeSalt();
      ivBytes_ = 8;
      k.cipher = &i.aesCtr;
      break;
    case Encryption::aesGcm:
      want({20, 28, 36});
      takeSalt();
      wantIcv(someIcv, "8, 12 or 16");
      ivBytes_ = 8;
      icvBytes_ = spec.icvBytes;
      k.aead = &i.aesGcm;
      break;
    case Encryption::chacha20Poly1305:
      want({36});
      takeSalt();
      wantIcv(spec.icvBytes == 16, "16");
      ivBytes_ = 8;
      icvBytes_ = 16;
      k.aead = &i.chacha20Poly1305;
      break;
    case Encryption::camelliaCtr:
      want({20, 28, 36});
      takeSalt();
      ivBytes_ = 8;
      k.cipher = &i.camelliaCtr;
      break;
    case Encryption::aesCcm:
      want({19, 27, 35});
      takeSalt(Ccm::kSaltBytes);
      wantIcv(someIcv, "8, 12 or 16");
      ivBytes_ = 8;
      icvBytes_ = spec.icvBytes;
      k.ccm = Ccm(i.aesCbcMac, i.aesCtr, key.data(), key.size(), icvBytes_);
      break;
    case Encryption::nullAesGmac:
      want({20, 28, 36});
      takeSalt();
      wantIcv(spec.icvBytes == 16, "16");
      ivBytes_ = 8;
      icvBytes_ = 16;
      k.aead = &i.aesGcm;
      break;
    default:  // CBC
      break;
  }

  const bool aead = icvBytes_ > 0;
  const HashKernel* hash = nullptr;
  switch (integrity_) {
    case Integrity::none:
      break;
    case Integrity::md5_96:
      hash = &i.md5;
      icvBytes_ = 12;
      break;
    case Integrity::sha1_96:
      hash = &i.sha1;
      icvBytes_ = 12;
      break;
    case Integrity::sha256_128:
      hash = &i.sha256;
      icvBytes_ = 16;
      break;
    case Integrity::sha384_192:
      hash = &i.sha384;
      icvBytes_ = 24;
      break;
    case Integrity::sha512_256:
      hash = &i.sha512;
      icvBytes_ = 32;
      break;
    case Integrity::aesXcbc96:
    case Integrity::aesCmac96:
      icvBytes_ = 12;
      break;
  }
  if (aead && integrity_ != Integrity::none) {
    throw ArgumentError(std::string("integrity: ") + name(encryption_) + " has its own, got " + name(integrity_));
  }
  if (!aead && integrity_ == Integrity::none) {
    // Unauthenticated encryption falls to forged packets (RFC 8221 4).
    throw ArgumentError(std::string("integrity: ") + name(encryption_) + " wants one, got none");
  }
  if (integrity_ == Integrity::none) {
    wantKeyBytes("integrityKey", "none", spec.integrityKey.size(), {0});
  } else if (hash == nullptr) {
    wantKeyBytes("integrityKey", name(integrity_), spec.integrityKey.size(), {16});
    const auto kind = integrity_ == Integrity::aesXcbc96 ? BlockMac::Kind::xcbc : BlockMac::Kind::cmac;
    k.blockMac = BlockMac(i.aesCbcMac, kind, spec.integrityKey.data());
  } else {
    wantKeyBytes("integrityKey", name(integrity_), spec.integrityKey.size(), {hash->digestBytes});
    expandHmac(k.hmac, *hash, spec.integrityKey.data(), spec.integrityKey.size());
  }
  if (encryption_ == Encryption::aesCbc) {
    if (integrity_ == Integrity::sha1_96) k.cbcHash = &i.aesCbcSha1;
    if (integrity_ == Integrity::sha256_128) k.cbcHash = &i.aesCbcSha256;
    if (k.cbcHash != nullptr && k.cbcHash->seal == nullptr) k.cbcHash = nullptr;
  }
  k.keyBytes = key.size();
  if (k.aead != nullptr) k.expand(*k.aead, key);
  if (k.cipher != nullptr) k.expand(*k.cipher, key);
}

Suite::~Suite() = default;

const Implementation& Suite::implementation() const { return *keys_->implementation; }

}  // namespace rp::crypto
