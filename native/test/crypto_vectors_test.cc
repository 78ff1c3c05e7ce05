// Published vectors against every implementation that this CPU can run.
// Sources: GCM: McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B (test case numbers as there);
// CBC: NIST SP 800-38A F.2 (public domain); CTR: RFC 3686 6; ChaCha20-Poly1305: RFC 8439 2.8.2; HMAC: RFC 2202 2 and 3,
// RFC 4231 4.2 and 4.7; the ESP packet of RFC 7634 appendix A. RFC code components: BSD licence of the IETF Trust.
#include <string>

#include "crypto/hmac.h"
#include "crypto/implementation.h"
#include "crypto/kernel.h"
#include "crypto/suite.h"
#include "test/check.h"
#include "test/cipher_vector.h"
#include "test/context.h"
#include "test/hex.h"

using namespace rp::crypto;
using rp::test::checkCipher;
using rp::test::Context;
using rp::test::hex;
using Bytes = std::vector<uint8_t>;

namespace {

void aead(const AeadKernel& kernel, const char* key, const char* nonce, const char* aad, const char* plain,
          const char* cipher, const char* tag) {
  const Context context(kernel, hex(key));
  const Bytes a = hex(aad), p = hex(plain), c = hex(cipher), t = hex(tag), n = hex(nonce);
  Bytes text = p;
  AeadText m = {a.data(), a.size(), {}, text.data(), text.size()};
  std::memcpy(m.nonce, n.data(), 12);
  uint8_t got[16];
  kernel.seal(context.memory, m, got);
  CHECK_BYTES(text.data(), c.data(), c.size());
  CHECK_BYTES(got, t.data(), 16);
  kernel.open(context.memory, m, got);
  CHECK_BYTES(text.data(), p.data(), p.size());
  CHECK_BYTES(got, t.data(), 16);
}

void mac(const HashKernel& kernel, const Bytes& key, const std::string& data, const char* wanted) {
  HmacKey k;
  expandHmac(k, kernel, key.data(), key.size());
  uint8_t digest[64];
  hmac(k, reinterpret_cast<const uint8_t*>(data.data()), data.size(), nullptr, 0, digest);
  CHECK_BYTES(digest, hex(wanted).data(), kernel.digestBytes);
}

constexpr const char* kGcmPlain =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
    "b16aedf5aa0de657ba637b391aafd255";
constexpr const char* kGcmPlain60 =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
    "b16aedf5aa0de657ba637b39";
constexpr const char* kGcmAad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
constexpr const char* kGcmNonce = "cafebabefacedbaddecaf888";
constexpr const char* kCbcPlain =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"
    "f69f2445df4f9b17ad2b417be66c3710";
constexpr const char* kCbcIv = "000102030405060708090a0b0c0d0e0f";

void gcm(const AeadKernel& k) {
  const char* zero = "00000000000000000000000000000000";
  aead(k, zero, "000000000000000000000000", "", "", "", "58e2fccefa7e3061367f1d57a4e7455a");  // 1
  aead(k, zero, "000000000000000000000000", "", zero, "0388dace60b6a392f328c2b971b2fe78",
       "ab6e47d42cec13bdf53a67b21257bddf");  // 2
  aead(k, "feffe9928665731c6d6a8f9467308308", kGcmNonce, "", kGcmPlain,
       "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
       "1ba30b396a0aac973d58e091473f5985",
       "4d5c2af327cd64a62cf35abd2ba6fab4");  // 3
  aead(k, "feffe9928665731c6d6a8f9467308308", kGcmNonce, kGcmAad, kGcmPlain60,
       "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
       "1ba30b396a0aac973d58e091",
       "5bc94fbc3221a5db94fae95ae7121a47");  // 4
  aead(k, "feffe9928665731c6d6a8f9467308308feffe9928665731c", kGcmNonce, kGcmAad, kGcmPlain60,
       "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f47"
       "18e2448b2fe324d9ccda2710",
       "2519498e80f1478f37ba55bd6d27618c");  // 10
  aead(k, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", kGcmNonce, kGcmAad, kGcmPlain60,
       "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
       "c5f61e6393ba7a0abcc9f662",
       "76fc6ece0f4e1768cddf8853bb2d551b");  // 16
}

void aes(const Implementation& i) {
  gcm(i.aesGcm);
  checkCipher(i.aesCbc, "2b7e151628aed2a6abf7158809cf4f3c", kCbcIv, kCbcPlain,
              "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e22229516"
              "3ff1caa1681fac09120eca307586e1a7");
  checkCipher(i.aesCbc, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", kCbcIv, kCbcPlain,
              "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461"
              "b2eb05e2c39be9fcda6c19078c6a9d1b");
  checkCipher(i.aesCtr, "ae6852f8121067cc4bf7a5765577f39e", "00000030000000000000000000000001",
              "53696e676c6520626c6f636b206d7367", "e4095d4fb7a7b3792d6175a3261311b8");  // 1
  checkCipher(i.aesCtr, "7691be035e5020a8ac6e618529f9a0dc", "00e0017b27777f3f4a1786f000000001",
              "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223",
              "c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef3105325b2072f");  // 3
  checkCipher(i.aesCtr, "776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c104",
              "00000060db5672c97aa8f0b200000001", "53696e676c6520626c6f636b206d7367",
              "145ad01dbf824ec7560863dc71e3e0c0");  // 7
}

void chacha(const AeadKernel& k) {
  aead(k, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
       "50515253c0c1c2c3c4c5c6c7",
       "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64"
       "206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f"
       "756c642062652069742e",
       "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e"
       "060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576"
       "d26586cec64b6116",
       "1ae10b594f09e26a7e902ecbd0600691");
}

void hashes(const Implementation& i) {
  const std::string hi = "Hi There", large = "Test Using Larger Than Block-Size Key - Hash Key First";
  const Bytes key20(20, 0x0b), key131(131, 0xaa);
  mac(i.md5, Bytes(16, 0x0b), hi, "9294727a3638bb1c13f48ef8158bfc9d");
  mac(i.sha1, key20, hi, "b617318655057264e28bc0b6fb378c8ef146be00");
  mac(i.sha256, key20, hi, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  mac(i.sha384, key20, hi,
      "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6");
  mac(i.sha512, key20, hi,
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61"
      "f1702e696c203a126854");
  mac(i.sha256, key131, large, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  mac(i.sha512, key131, large,
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f"
      "0aec8b915a985d786598");
}

// The ESP packet from SPI to ICV.
void rfc7634(const Implementation& i) {
  const Bytes key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3");
  const Bytes wire = hex(
      "01020304000000051011121314151617"
      "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64"
      "c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0"
      "76aaa8266b7fb0f7b11b369907e1ad43");
  Bytes packet = wire;
  SuiteSpec spec;
  spec.encryption = Encryption::chacha20Poly1305;
  spec.encryptionKey = key;
  spec.implementation = &i;
  const Suite suite(spec);
  const Message m = {.data = packet.data(), .textBytes = uint32_t(packet.size() - 8 - 8 - 16)};
  CHECK(suite.open(m));
  const Bytes start = hex("45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b");
  CHECK_BYTES(packet.data() + 16, start.data(), start.size());
  CHECK_BYTES(packet.data() + 16 + 84, hex("01020204").data(), 4);
  CHECK(suite.seal(m));
  CHECK_BYTES(packet.data(), wire.data(), wire.size());
}

}  // namespace

int main() {
  CHECK(!implementations().empty());
  for (const Implementation* i : implementations()) {
    std::printf("%s\n", name(*i));
    aes(*i);
    chacha(i->chacha20Poly1305);
    hashes(*i);
    rfc7634(*i);
    CHECK(selfTest(*i));
    CHECK(!selfTest(*i, true));
  }
  return rp::test::checkFailures();
}
