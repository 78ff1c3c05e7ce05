// Published vectors of the ciphers and MACs besides AES-GCM, ChaCha20-Poly1305 and HMAC, against every implementation.
// Sources: DES: FIPS 81 appendix C; 3DES: NIST SP 800-67 appendix B; Blowfish: B. Schneier's vectors.txt (public
// domain); Twofish: the authors' submission to NIST, ecb_ival.txt; Camellia: RFC 3713 appendix A, RFC 5528 4;
// AES-XCBC-MAC: RFC 3566 4.6; AES-CMAC: RFC 4493 4; AES-CCM: NIST CAVS, VNT192.rsp (public domain). RFC code
// components: BSD licence of the IETF Trust.
#include <cstdlib>

#include "crypto/block_mac.h"
#include "crypto/ccm.h"
#include "crypto/des.h"
#include "crypto/implementation.h"
#include "crypto/kernel.h"
#include "crypto/suite.h"
#include "test/check.h"
#include "test/cipher_vector.h"
#include "test/hex.h"

using namespace rp::crypto;
using rp::test::checkCipher;
using rp::test::hex;
using Bytes = std::vector<uint8_t>;

namespace {

constexpr const char* kZero = "00000000000000000000000000000000";

void des(const Implementation& i) {
  checkCipher(i.desCbc, "0123456789abcdef", "1234567890abcdef", "4e6f77206973207468652074696d6520666f7220616c6c20",
              "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6");
  // The parity bits have no effect.
  checkCipher(i.desCbc, "0022446688aaccee", "1234567890abcdef", "4e6f77206973207468652074696d6520666f7220616c6c20",
              "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6");
  const char* key = "0123456789abcdef23456789abcdef01456789abcdef0123";
  checkCipher(i.tripleDesCbc, key, "0000000000000000", "5468652071756663", "a826fd8ce53b855f");
  checkCipher(i.tripleDesCbc, key, "0000000000000000", "6b2062726f776e20", "cce21c8112256fe6");
  checkCipher(i.tripleDesCbc, key, "0000000000000000", "666f78206a756d70", "68d5c05dd9b6b900");
}

void weakDes() {
  for (const char* weak : {"0101010101010101", "fefefefefefefefe", "e0e0e0e0f1f1f1f1", "1f1f1f1f0e0e0e0e",
                           "01fe01fe01fe01fe", "fe01fe01fe01fe01", "1fe01fe00ef10ef1", "e01fe01ff10ef10e",
                           "01e001e001f101f1", "e001e001f101f101", "1ffe1ffe0efe0efe", "fe1ffe1ffe0efe0e",
                           "011f011f010e010e", "1f011f010e010e01", "e0fee0fef1fef1fe", "fee0fee0fef1fef1"}) {
    CHECK(desWeak(hex(weak).data(), 8));
  }
  CHECK(!desWeak(hex("0123456789abcdef").data(), 8));
  CHECK(!desWeak(hex("0123456789abcdef23456789abcdef010123456789abcdef").data(), 24));
  CHECK(desWeak(hex("0123456789abcdef0022446688aaccee456789abcdef0123").data(), 24));
  CHECK(desWeak(hex("0123456789abcdef23456789abcdef0123456789abcdef01").data(), 24));
}

void blowfish(const CipherKernel& k) {
  checkCipher(k, "0000000000000000", "0000000000000000", "0000000000000000", "4ef997456198dd78");
  checkCipher(k, "ffffffffffffffff", "0000000000000000", "ffffffffffffffff", "51866fd5b85ecb8a");
  checkCipher(k, "0123456789abcdef", "0000000000000000", "1111111111111111", "61f9c3802281b096");
  checkCipher(k, "0123456789abcdeff0e1d2c3b4a59687", "fedcba9876543210",
              "37363534333231204e6f77206973207468652074696d6520666f722000000000",
              "6b77b4d63006dee605b156e27403979358deb9e7154616d959f1652bd5ff92cc");
}

void twofish(const CipherKernel& k) {
  checkCipher(k, kZero, kZero, kZero, "9f589f5cf6122c32b6bfec2f2ae8c35a");
  checkCipher(k, "0123456789abcdeffedcba98765432100011223344556677", kZero, kZero, "cfd1d2e5a9be9cdf501f13b892bd2248");
  checkCipher(k, "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff", kZero, kZero,
              "37527be0052334b89f0cfccae87cfa20");
}

void camellia(const Implementation& i) {
  const char* plain = "0123456789abcdeffedcba9876543210";
  checkCipher(i.camelliaCbc, "0123456789abcdeffedcba9876543210", kZero, plain, "67673138549669730857065648eabe43");
  checkCipher(i.camelliaCbc, "0123456789abcdeffedcba98765432100011223344556677", kZero, plain,
              "b4993401b3e996f84ee5cee7d79b09b9");
  checkCipher(i.camelliaCbc, "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff", kZero, plain,
              "9acc237dff16d76c20ef7c919e3a7509");
  checkCipher(i.camelliaCtr, "ae6852f8121067cc4bf7a5765577f39e", "00000030000000000000000000000001",
              "53696e676c6520626c6f636b206d7367", "d09dc29a8214619a20877c76db1f0b3f");
}

void macs(const CbcMacKernel& kernel) {
  const auto mac = [&](BlockMac::Kind kind, const char* key, const Bytes& data, const char* wanted) {
    const BlockMac m(kernel, kind, hex(key).data());
    // Wherever data ends and the suffix begins.
    for (size_t suffix = 0; suffix <= 16 && suffix <= data.size(); suffix++) {
      uint8_t got[16];
      const size_t bytes = data.size() - suffix;
      m.mac(data.data(), bytes, suffix > 0 ? data.data() + bytes : nullptr, suffix, got);
      CHECK_BYTES(got, hex(wanted).data(), 16);
    }
  };
  Bytes count(34);
  for (size_t i = 0; i < count.size(); i++) count[i] = uint8_t(i);
  const auto first = [&](size_t n) { return Bytes(count.begin(), count.begin() + n); };
  const char* key = "000102030405060708090a0b0c0d0e0f";
  using enum BlockMac::Kind;
  mac(xcbc, key, first(0), "75f0251d528ac01c4573dfd584d79f29");
  mac(xcbc, key, first(3), "5b376580ae2f19afe7219ceef172756f");
  mac(xcbc, key, first(16), "d2a246fa349b68a79998a4394ff7a263");
  mac(xcbc, key, first(20), "47f51b4564966215b8985c63055ed308");
  mac(xcbc, key, first(32), "f54f0ec8d2b9f3d36807734bd5283fd4");
  mac(xcbc, key, first(34), "becbb3bccdb518a30677d5481fb6b4d8");
  mac(xcbc, key, Bytes(1000), "f0dafee895db30253761103b5d84528f");
  const char* cmacKey = "2b7e151628aed2a6abf7158809cf4f3c";
  const Bytes text =
      hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"
          "f69f2445df4f9b17ad2b417be66c3710");
  const auto part = [&](size_t n) { return Bytes(text.begin(), text.begin() + n); };
  mac(cmac, cmacKey, part(0), "bb1d6929e95937287fa37d129b756746");
  mac(cmac, cmacKey, part(16), "070a16b46b4d4144f79bdd9dd04a287c");
  mac(cmac, cmacKey, part(40), "dfa66747de9ae63030ca32611497c827");
  mac(cmac, cmacKey, part(64), "51f0bebf7e3b9d92fc49741779363cfe");
}

void ccm(const Implementation& i) {
  const auto check = [&](const char* nonce, const char* aad, const char* plain, const char* sealed) {
    const Bytes key = hex("7a182e4e3367194662d614bb11da11e86596f724204f48ff");
    const Bytes n = hex(nonce), a = hex(aad), p = hex(plain), s = hex(sealed);
    const Ccm ccm(i.aesCbcMac, i.aesCtr, key.data(), key.size(), 16);
    Bytes text = p;
    AeadText m = {a.data(), a.size(), {}, text.data(), text.size()};
    std::memcpy(m.nonce, n.data(), 11);
    uint8_t tag[16];
    ccm.seal(m, tag);
    CHECK_BYTES(text.data(), s.data(), text.size());
    CHECK_BYTES(tag, s.data() + text.size(), 16);
    ccm.open(m, tag);
    CHECK_BYTES(text.data(), p.data(), text.size());
    CHECK_BYTES(tag, s.data() + text.size(), 16);
  };
  check("d3284d1de51559c1ddbfe6", "21214ac2314fdfe07bc4d066245a97b1a10470df2a6d6b926cdcbff07f5b61ef",
        "88a5c1c2ae4eb463a3283dc5c81f665b0f6d54495f6cc9d43aa8ee179d3950f8",
        "65ed1e3919d208e9e5267370b9cf9b1431ef0c584dd2cf057d243a03523ca7562a18840cac2199030c008741d74fb220");
  check("50f7d182a3d5f0388465e4", "6389bbe519992fd98a97842ecc4d2b2569328c10bd3d93c09ffb6b4044e089c4",
        "68e9cca19882c4b0c817d0645a97f74016b3f0ac133829eadb9c0e4bcad687a3",
        "72836a9a3c196e6c6e49b9a7808297d1bc2f0f02f018bb5418a4264215a9cadf691d71c18798554efcc028599a7d1e21");
}

// ENCR_NULL_AUTH_AES_GMAC against AES-GCM over the aad that RFC 4543 3.3 puts together.
void gmac(const Implementation& i) {
  const Bytes key = hex("feffe9928665731c6d6a8f9467308308cafebabe");
  SuiteSpec spec;
  spec.encryption = Encryption::nullAesGmac;
  spec.encryptionKey = key;
  spec.implementation = &i;
  const Suite suite(spec);
  const Bytes plain = hex("00001000000000070102030405060708aabbccdd");
  Bytes packet = plain;
  packet.resize(packet.size() + 16);
  Message m = {.data = packet.data(), .textBytes = 4};
  CHECK(suite.seal(m));
  CHECK_BYTES(packet.data(), plain.data(), plain.size());
  std::vector<uint8_t> context((i.aesGcm.contextBytes + 127) & ~63ul);
  void* aligned = reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(context.data()) + 63) & ~uintptr_t(63));
  i.aesGcm.expand(aligned, key.data(), 16);
  uint8_t none = 0, tag[16];
  AeadText t = {plain.data(), plain.size(), {}, &none, 0};
  std::memcpy(t.nonce, key.data() + 16, 4);
  std::memcpy(t.nonce + 4, plain.data() + 8, 8);
  i.aesGcm.seal(aligned, t, tag);
  CHECK_BYTES(packet.data() + plain.size(), tag, 16);
  CHECK(suite.open(m));
  // The high half of the sequence number is between SPI and the low half; the message is as before afterwards.
  m.esn = true;
  m.sequenceHigh = 5;
  CHECK(!suite.open(m));
  CHECK_BYTES(packet.data(), plain.data(), plain.size() - 4);
  CHECK_BYTES(packet.data() + plain.size(), tag, 16);
  std::memcpy(packet.data(), plain.data(), plain.size());
  CHECK(suite.seal(m));
  const Bytes extended = hex("0000100000000005000000070102030405060708aabbccdd");
  t.aad = extended.data();
  t.aadBytes = extended.size();
  i.aesGcm.seal(aligned, t, tag);
  CHECK_BYTES(packet.data(), plain.data(), plain.size());
  CHECK_BYTES(packet.data() + plain.size(), tag, 16);
  CHECK(suite.open(m));
}

}  // namespace

int main() {
  weakDes();
  for (const Implementation* i : implementations()) {
    std::printf("%s\n", name(*i));
    des(*i);
    blowfish(i->blowfishCbc);
    twofish(i->twofishCbc);
    camellia(*i);
    macs(i->aesCbcMac);
    ccm(*i);
    gmac(*i);
  }
  return rp::test::checkFailures();
}
