// Known answers, run before an implementation is used. The input is regular, the answers are those of OpenSSL and
// libgcrypt; 603 bytes of
// text pass through the widest loop of every kernel and through its tail.
#include <cstring>

#include "base/bytes.h"
#include "crypto/block_mac.h"
#include "crypto/ccm.h"
#include "crypto/hmac.h"
#include "crypto/implementation.h"
#include "crypto/kernel.h"

namespace rp::crypto {
namespace {

constexpr size_t kText = 608, kOdd = 603;

struct Answer {
  size_t keyBytes;
  uint8_t bytes[16];
};
constexpr Answer kGcm[] = {
    {16, {0xae, 0xf1, 0x31, 0xcb, 0xe2, 0xe0, 0x03, 0xa4, 0x5e, 0x7b, 0x79, 0x6a, 0x68, 0x60, 0x25, 0x10}},
    {24, {0xca, 0x40, 0x22, 0xe3, 0x2c, 0x09, 0x03, 0xae, 0xae, 0x4f, 0xea, 0x06, 0xa7, 0xdd, 0x20, 0xae}},
    {32, {0x82, 0x14, 0xae, 0x78, 0xf2, 0xef, 0x49, 0x09, 0x9a, 0xbc, 0xbb, 0xef, 0x35, 0x54, 0xe7, 0x71}}};
constexpr Answer kCbc[] = {
    {16, {0x6d, 0xbe, 0x4b, 0x01, 0xf9, 0xae, 0x37, 0x06, 0xd7, 0xec, 0xd6, 0xdb, 0xb8, 0x18, 0xa2, 0x04}},
    {24, {0xda, 0xeb, 0x55, 0xbc, 0xa2, 0xdc, 0xe5, 0x8d, 0x12, 0xd9, 0xc4, 0xcd, 0xd1, 0x7e, 0xb1, 0xc6}},
    {32, {0x50, 0xd9, 0x45, 0x35, 0xa8, 0x4a, 0xa7, 0xe4, 0x9a, 0xc2, 0xaf, 0x56, 0x1c, 0x5c, 0xe4, 0x85}}};
constexpr Answer kCtr[] = {
    {16, {0xf4, 0xfd, 0xd8, 0x50, 0xed, 0x09, 0xae, 0xf6, 0xfc, 0xbe, 0x56, 0xb7, 0x36, 0x5e, 0xcc, 0xd8}},
    {24, {0xc7, 0x6f, 0x44, 0xca, 0xaa, 0xd6, 0x91, 0xa9, 0x46, 0xcd, 0xb8, 0xb5, 0x29, 0x97, 0xb0, 0xb9}},
    {32, {0xac, 0x61, 0xb4, 0xca, 0xf3, 0x83, 0x9e, 0xb1, 0xaa, 0x84, 0x04, 0x9b, 0x47, 0x1a, 0x3d, 0x24}}};
constexpr Answer kChaCha = {
    32, {0x26, 0x6d, 0x1d, 0x8c, 0x9b, 0xb8, 0xd9, 0x5b, 0x89, 0xcd, 0xe5, 0xb1, 0xf8, 0x20, 0xc6, 0x1e}};
constexpr Answer kMd5 = {
    20, {0xbe, 0x17, 0xea, 0x81, 0x77, 0x14, 0xcd, 0x35, 0x3a, 0xa7, 0x26, 0x55, 0x8d, 0xe0, 0x95, 0x13}};
constexpr Answer kSha1 = {
    20, {0xd2, 0x40, 0x8b, 0x1f, 0xb7, 0x48, 0x39, 0xee, 0x9e, 0xad, 0xd8, 0xf7, 0xec, 0x8f, 0xd9, 0x57}};
constexpr Answer kSha256 = {
    20, {0x58, 0x36, 0x71, 0x26, 0xf7, 0xe2, 0xbf, 0x84, 0x66, 0x11, 0x37, 0xb8, 0x4a, 0xc4, 0x20, 0x2b}};
constexpr Answer kSha384 = {
    20, {0x0f, 0x47, 0x0f, 0x0f, 0x65, 0x8b, 0xe1, 0x07, 0x1e, 0xa7, 0xba, 0x18, 0xab, 0xfb, 0x00, 0x4b}};
constexpr Answer kSha512 = {
    20, {0x16, 0xf9, 0x85, 0x70, 0x19, 0x05, 0x0a, 0x06, 0x6c, 0x7a, 0x4a, 0xb5, 0x25, 0xa7, 0xca, 0x48}};

constexpr Answer kDes[] = {
    {8, {0xaa, 0x45, 0x00, 0xe4, 0x23, 0x00, 0xa7, 0xa0, 0x9f, 0xb9, 0xf3, 0x74, 0xe2, 0xbf, 0x66, 0x72}}};
constexpr Answer kTripleDes[] = {
    {24, {0x8e, 0x6d, 0x30, 0x83, 0xb0, 0x0e, 0xc4, 0x76, 0x6a, 0x92, 0xe0, 0xd0, 0x0f, 0x8f, 0xca, 0xe2}}};
constexpr Answer kBlowfish[] = {
    {16, {0xdc, 0x58, 0x9b, 0xb1, 0x56, 0x6d, 0x3a, 0x34, 0xb5, 0x08, 0xa4, 0x7a, 0x2b, 0x84, 0x82, 0x9b}}};
constexpr Answer kTwofish[] = {
    {16, {0xd9, 0xdb, 0x70, 0x9b, 0x70, 0x18, 0x90, 0x46, 0x9d, 0x55, 0xa3, 0x12, 0x49, 0xa6, 0x0b, 0x22}},
    {32, {0x99, 0x81, 0x89, 0xb1, 0x82, 0x23, 0xa2, 0xd2, 0x5d, 0x12, 0xf4, 0xcd, 0x21, 0xf8, 0x72, 0x9e}}};
constexpr Answer kCamelliaCbc[] = {
    {16, {0xad, 0x1f, 0xfa, 0x31, 0xdd, 0x2f, 0x08, 0xf3, 0xbe, 0xbd, 0x47, 0xc6, 0x34, 0xf1, 0xa1, 0x90}},
    {24, {0x87, 0xc1, 0x5a, 0x75, 0x44, 0xd8, 0x86, 0x12, 0x1f, 0x3a, 0x4d, 0x5d, 0xde, 0x09, 0x52, 0xc5}},
    {32, {0xa4, 0x04, 0xdb, 0xcb, 0x96, 0xc3, 0x82, 0x17, 0x4a, 0xff, 0xf6, 0x1c, 0x21, 0x0f, 0x82, 0x5e}}};
constexpr Answer kCamelliaCtr[] = {
    {16, {0x39, 0xd4, 0x6a, 0xb7, 0x35, 0x16, 0x7f, 0x39, 0xb6, 0xef, 0xe3, 0xe1, 0x9e, 0xeb, 0x63, 0xa4}},
    {24, {0x7f, 0x1c, 0x63, 0xc6, 0xf5, 0x56, 0xe5, 0xa4, 0xe5, 0xb3, 0xcb, 0xa5, 0xcb, 0xc3, 0x29, 0xf0}},
    {32, {0x08, 0x0d, 0x93, 0xaf, 0x17, 0x3f, 0x32, 0xf3, 0xde, 0x15, 0x5c, 0xdb, 0xe0, 0x7e, 0x74, 0xdc}}};
constexpr Answer kXcbc[] = {
    {16, {0xf6, 0xfa, 0xfc, 0xeb, 0x97, 0xd4, 0xff, 0x0a, 0x0f, 0x21, 0xeb, 0x66, 0x98, 0xb4, 0x53, 0x5d}}};
constexpr Answer kCmac[] = {
    {16, {0x59, 0x2a, 0x07, 0x0f, 0x38, 0xfb, 0xce, 0xc3, 0x11, 0x28, 0x00, 0x35, 0xda, 0x3c, 0x40, 0x00}}};
constexpr Answer kCcm[] = {
    {16, {0x2b, 0x1f, 0x88, 0xa6, 0x24, 0xa5, 0xc7, 0xd2, 0xa8, 0xb7, 0x99, 0xba, 0x2f, 0x52, 0xa7, 0xf2}},
    {24, {0xdc, 0xc1, 0xfa, 0xa9, 0xca, 0x6d, 0x3e, 0xf7, 0x7b, 0x89, 0xd6, 0x3c, 0x7b, 0x95, 0x16, 0x49}},
    {32, {0xfb, 0x15, 0x9c, 0xed, 0x9d, 0x5e, 0x89, 0x49, 0xfc, 0xa1, 0x48, 0x3b, 0xfd, 0x49, 0xeb, 0xc6}}};

void count(uint8_t* p, size_t bytes, unsigned step, unsigned first) {
  for (size_t i = 0; i < bytes; i++) p[i] = uint8_t(first + i * step);
}

// The context of any kernel of ours, and the input.
struct Bench {
  alignas(64) uint8_t context[16384] = {};
  alignas(64) uint8_t text[kText];
  uint8_t plain[kText], key[32], iv[16], aad[8];
  bool fault;

  explicit Bench(bool f) : fault(f) {
    count(plain, kText, 7, 3);
    count(key, sizeof key, 1, 0);
    count(iv, sizeof iv, 1, 0xa0);
    count(aad, sizeof aad, 1, 0x50);
    reset();
  }
  void reset() { std::memcpy(text, plain, kText); }
  bool restored(size_t bytes) const { return std::memcmp(text, plain, bytes) == 0; }
  bool is(uint8_t* got, const Answer& wanted) const {
    if (fault) got[0] ^= 1;
    return std::memcmp(got, wanted.bytes, 16) == 0;
  }

  bool aead(const AeadKernel& kernel, const Answer& wanted) {
    if (kernel.contextBytes > sizeof context) return false;
    std::memset(context, 0, sizeof context);
    kernel.expand(context, key, wanted.keyBytes);
    AeadText m = {aad, sizeof aad, {}, text, kOdd};
    std::memcpy(m.nonce, iv, 12);
    uint8_t sealed[16] = {}, opened[16] = {};
    reset();
    kernel.seal(context, m, sealed);
    kernel.open(context, m, opened);
    return is(sealed, wanted) && is(opened, wanted) && restored(kText) && packetsAgree(kernel);
  }
  // Packets of a batch as one by one: short and long ones, with extended sequence numbers and without; and a forgery
  // among them leaves nothing.
  bool packetsAgree(const AeadKernel& kernel) {
    if (kernel.sealMany == nullptr || kernel.openMany == nullptr) return kernel.sealMany == kernel.openMany;
    constexpr size_t kMany = 11, kForged = 6, kIcv = 16;
    constexpr size_t kBytes[kMany] = {0, 64, 61, 76, 77, 256, kOdd, 100, 600, 15, 1};
    uint8_t packets[kMany][kAeadJobHeader + kText + kIcv], ones[kMany][kText];
    AeadJob jobs[kMany];
    for (size_t i = 0; i < kMany; i++) {
      uint8_t* const p = packets[i];
      std::memcpy(p, aad, 8);
      std::memcpy(p + 8, iv + 4, 8);
      std::memcpy(p + kAeadJobHeader, plain, kText);
      jobs[i] = {context, p, uint32_t(kBytes[i]), load<uint32_t>(iv), uint32_t(i), i % 2 != 0, uint8_t(kIcv), true};
    }
    kernel.sealMany(jobs, kMany);
    for (size_t i = 0; i < kMany; i++) {
      uint8_t extended[12], tag[kIcv];
      std::memcpy(extended, aad, 4);
      storeBe32(extended + 4, uint32_t(i));
      std::memcpy(extended + 8, aad + 4, 4);
      std::memcpy(ones[i], plain, kText);
      AeadText m = {jobs[i].esn ? extended : aad, size_t(jobs[i].esn ? 12 : 8), {}, ones[i], kBytes[i]};
      std::memcpy(m.nonce, iv, 12);
      kernel.seal(context, m, tag);
      const uint8_t* const sealed = packets[i] + kAeadJobHeader;
      if (std::memcmp(sealed, ones[i], kBytes[i]) != 0 || std::memcmp(sealed + kBytes[i], tag, kIcv) != 0) return false;
    }
    packets[kForged][kAeadJobHeader + kBytes[kForged]] ^= 1;
    kernel.openMany(jobs, kMany);
    const uint8_t none[kText] = {};
    for (size_t i = 0; i < kMany; i++) {
      const uint8_t* const wanted = i == kForged ? none : plain;
      if (jobs[i].ok != (i != kForged)) return false;
      if (std::memcmp(packets[i] + kAeadJobHeader, wanted, kBytes[i]) != 0) return false;
    }
    return true;
  }
  // The cipher and the hash in one pass as one after the other, and back in two goes; the last lane is idle.
  bool onePass(const CbcHashKernel& kernel, const CipherKernel& cipher, const HashKernel& hash, size_t keyBytes) {
    if (kernel.seal == nullptr) return kernel.open == nullptr;
    constexpr size_t kColumns = 4, kBytes = 64 * kColumns, kWhole = kHashedHeader + kBytes, kFirst = 1;
    std::memset(context, 0, sizeof context);
    cipher.expand(context, key, keyBytes);
    uint8_t packets[kCbcHashLanes][kWhole], wanted[kWhole], ahead[kCbcHashLanes][16 + 64], ivs[kCbcHashLanes][16];
    const void* contexts[kCbcHashLanes];
    uint8_t *messages[kCbcHashLanes], *texts[kCbcHashLanes];
    size_t steps[kCbcHashLanes];
    alignas(64) uint32_t state[8][kCbcHashLanes];
    for (size_t i = 0; i < kCbcHashLanes; i++) {
      std::memcpy(packets[i], plain + i, kWhole);
      contexts[i] = context;
      messages[i] = packets[i];
      steps[i] = i + 1 < kCbcHashLanes ? 64 : 0;
      for (size_t w = 0; w < 8; w++) state[w][i] = uint32_t(w * i);
    }
    kernel.seal(contexts, messages, steps, kColumns, state);
    for (size_t i = 0; i + 1 < kCbcHashLanes; i++) {
      std::memcpy(wanted, plain + i, kWhole);
      cipher.encrypt(context, wanted + 8, wanted + kHashedHeader, kBytes);
      if (std::memcmp(packets[i], wanted, kWhole) != 0 || !hashed(hash, state, i, wanted, kColumns)) return false;
    }
    if (kernel.open == nullptr) return true;
    for (size_t i = 0; i < kCbcHashLanes; i++) {
      texts[i] = ahead[i] + 16;
      std::memset(ahead[i], 0, sizeof ahead[i]);
      std::memset(ivs[i], 0, sizeof ivs[i]);
      std::memcpy(ahead[i] + 64, packets[i] + 8, 16);
      for (size_t w = 0; w < 8; w++) state[w][i] = uint32_t(w * i);
    }
    kernel.open(contexts, messages, texts, ivs, steps, kFirst, state);
    for (size_t i = 0; i < kCbcHashLanes; i++) {
      messages[i] += steps[i] * kFirst;
      texts[i] = i + 1 < kCbcHashLanes ? messages[i] + kHashedHeader - 64 : texts[i];
    }
    kernel.open(contexts, messages, texts, ivs, steps, kColumns - kFirst, state);
    constexpr size_t kDecrypted = kHashedHeader + kBytes - 64;
    for (size_t i = 0; i + 1 < kCbcHashLanes; i++) {
      std::memcpy(wanted, plain + i, kWhole);
      cipher.encrypt(context, wanted + 8, wanted + kHashedHeader, kBytes);
      if (!hashed(hash, state, i, wanted, kColumns)) return false;
      if (std::memcmp(packets[i], plain + i, kDecrypted) != 0) return false;
      if (std::memcmp(packets[i] + kDecrypted, wanted + kDecrypted, kWhole - kDecrypted) != 0) return false;
      if (std::memcmp(ivs[i], wanted + kDecrypted - 16, 16) != 0) return false;
    }
    return true;
  }
  // Whether lane i, which began with multiples of i, has hashed so many blocks.
  static bool hashed(const HashKernel& hash, const uint32_t (*state)[kCbcHashLanes], size_t i, const uint8_t* data,
                     size_t blocks) {
    alignas(64) uint32_t one[8];
    for (size_t w = 0; w < 8; w++) one[w] = uint32_t(w * i);
    hash.compress(one, data, blocks);
    for (size_t w = 0; 4 * w < hash.stateBytes; w++) {
      if (state[w][i] != one[w]) return false;
    }
    return true;
  }
  bool cipher(const CipherKernel& kernel, const Answer& wanted, size_t bytes) {
    if (kernel.contextBytes > sizeof context) return false;
    std::memset(context, 0, sizeof context);
    kernel.expand(context, key, wanted.keyBytes);
    reset();
    kernel.encrypt(context, iv, text, bytes);
    if (kernel.encryptMany != nullptr && !manyAgree(kernel, bytes)) return false;
    uint8_t folded[16] = {};
    for (size_t i = 0; i < bytes; i++) folded[i % 16] ^= text[i];
    kernel.decrypt(context, iv, text, bytes);
    return is(folded, wanted) && restored(kText);
  }
  bool mac(const CbcMacKernel& kernel, BlockMac::Kind kind, const Answer& wanted) {
    uint8_t got[16] = {};
    BlockMac(kernel, kind, key).mac(plain, kOdd, nullptr, 0, got);
    return is(got, wanted);
  }
  bool ccm(const Implementation& i, const Answer& wanted) {
    AeadText m = {aad, sizeof aad, {}, text, kOdd};
    std::memcpy(m.nonce, iv, 11);
    const Ccm ccm(i.aesCbcMac, i.aesCtr, key, wanted.keyBytes, 16);
    uint8_t sealed[16] = {}, opened[16] = {};
    reset();
    ccm.seal(m, sealed);
    ccm.open(m, opened);
    return is(sealed, wanted) && is(opened, wanted) && restored(kText);
  }
  // Side by side as one by one, with fewer messages than lanes and with more, each shorter than the one before.
  bool manyAgree(const CipherKernel& kernel, size_t bytes) {
    constexpr size_t kMany = 11;
    uint8_t texts[kMany][kText];
    CipherJob jobs[kMany];
    for (size_t i = 0; i < kMany; i++) {
      std::memcpy(texts[i], plain, kText);
      jobs[i] = {context, {}, texts[i], bytes - 16 * i};
      std::memcpy(jobs[i].iv, iv, 16);
    }
    kernel.encryptMany(jobs, kMany);
    for (size_t i = 0; i < kMany; i++) {
      const size_t n = jobs[i].bytes;
      if (std::memcmp(texts[i], text, n) != 0 || std::memcmp(texts[i] + n, plain + n, kText - n) != 0) return false;
    }
    if (kernel.decryptMany == nullptr) return true;
    kernel.decryptMany(jobs, kMany);
    for (const auto& t : texts) {
      if (std::memcmp(t, plain, kText) != 0) return false;
    }
    return true;
  }

  bool hash(const HashKernel& kernel, const Answer& wanted) {
    HmacKey hmacKey;
    expandHmac(hmacKey, kernel, key, wanted.keyBytes);
    uint8_t digest[64] = {};
    hmac(hmacKey, plain, kOdd, nullptr, 0, digest);
    constexpr size_t kMany = 21;
    uint8_t digests[kMany][64] = {};  // not those of the kernel before, which may lie there still
    HmacJob jobs[kMany];
    for (size_t i = 0; i < kMany; i++) jobs[i] = {&hmacKey, plain, kOdd - 29 * i, {}, 0, digests[i]};
    hmacMany(jobs, kMany);
    for (size_t i = 0; i < kMany; i++) {
      uint8_t one[64] = {};
      hmac(hmacKey, plain, kOdd - 29 * i, nullptr, 0, one);
      if (std::memcmp(digests[i], one, kernel.digestBytes) != 0) return false;
    }
    return is(digest, wanted);
  }
};

}  // namespace

bool selfTest(const Implementation& i, bool fault) {
  Bench bench(fault);
  bool ok = true;
  for (const Answer& a : kGcm) ok &= bench.aead(i.aesGcm, a);
  for (const Answer& a : kCbc) ok &= bench.cipher(i.aesCbc, a, kText);
  for (const size_t keyBytes : {16, 24, 32}) {
    ok &= bench.onePass(i.aesCbcSha1, i.aesCbc, i.sha1, keyBytes);
    ok &= bench.onePass(i.aesCbcSha256, i.aesCbc, i.sha256, keyBytes);
  }
  for (const Answer& a : kCtr) ok &= bench.cipher(i.aesCtr, a, kOdd);
  ok &= bench.aead(i.chacha20Poly1305, kChaCha);
  ok &= bench.hash(i.md5, kMd5) && bench.hash(i.sha1, kSha1) && bench.hash(i.sha256, kSha256);
  ok &= bench.hash(i.sha384, kSha384) && bench.hash(i.sha512, kSha512);
  for (const Answer& a : kDes) ok &= bench.cipher(i.desCbc, a, kText);
  for (const Answer& a : kTripleDes) ok &= bench.cipher(i.tripleDesCbc, a, kText);
  for (const Answer& a : kBlowfish) ok &= bench.cipher(i.blowfishCbc, a, kText);
  for (const Answer& a : kTwofish) ok &= bench.cipher(i.twofishCbc, a, kText);
  for (const Answer& a : kCamelliaCbc) ok &= bench.cipher(i.camelliaCbc, a, kText);
  for (const Answer& a : kCamelliaCtr) ok &= bench.cipher(i.camelliaCtr, a, kOdd);
  for (const Answer& a : kXcbc) ok &= bench.mac(i.aesCbcMac, BlockMac::Kind::xcbc, a);
  for (const Answer& a : kCmac) ok &= bench.mac(i.aesCbcMac, BlockMac::Kind::cmac, a);
  for (const Answer& a : kCcm) ok &= bench.ccm(i, a);
  return ok;
}

}  // namespace rp::crypto
