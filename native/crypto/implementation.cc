#include "crypto/implementation.h"

#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "crypto/cpu.h"
#include "crypto/kernel.h"
#include "crypto/portable.h"
#if defined(__x86_64__)
#include "crypto/aesni.h"
#include "crypto/avx512.h"
#include "crypto/avx512_cbc_sha.h"
#include "crypto/camellia_x86.h"
#include "crypto/chacha20_x86.h"
#include "crypto/hash_lanes_x86.h"
#include "crypto/shani.h"
#include "crypto/vaes.h"
#include "crypto/vaes_cbc_sha.h"
#include "crypto/wide_ciphers.h"
#elif defined(__aarch64__) || defined(__arm__)
#include "crypto/armv8.h"
#endif

namespace rp::crypto {
namespace {

const Implementation kPortable = {
    "portable",           kPortableAesGcm,      kPortableChacha20Poly1305, kPortableAesCbc,      kPortableAesCtr,
    kPortableMd5,         kPortableSha1,        kPortableSha256,           kPortableSha384,      kPortableSha512,
    kPortableAesCbcMac,   kPortableDesCbc,      kPortableDesCbc,           kPortableBlowfishCbc, kPortableTwofishCbc,
    kPortableCamelliaCbc, kPortableCamelliaCtr,
};

#if defined(__x86_64__)

// Each is the one before it with the kernels for which this CPU has instructions.
Implementation aesni() {
  Implementation i = kPortable;
  i.name = "aesni";
  i.aesGcm = kAesniGcm;
  i.aesCbc = kAesniCbc;
  i.aesCtr = kAesniCtr;
  i.aesCbcMac = kAesniCbcMac;
  if (cpu().avx2) {
    i.chacha20Poly1305 = kAvx2Chacha20Poly1305;
    i.camelliaCbc = kAesniCamelliaCbc;
    i.camelliaCtr = kAesniCamelliaCtr;
    i.md5.many = kAvx2Md5;
    i.sha1.many = kAvx2Sha1;
    i.sha256.many = kAvx2Sha256;
    i.sha384.many = kAvx2Sha384;
    i.sha512.many = kAvx2Sha512;
  }
  if (cpu().sha) {
    i.sha1.compress = shaniSha1;
    i.sha256.compress = shaniSha256;
    // Eight lanes with AVX2 are faster at SHA-1 only.
    i.sha256.many = {shaniSha256Lanes, nullptr, 2};
  }
  return i;
}

Implementation vaes() {
  Implementation i = aesni();
  i.name = "vaes";
  i.aesGcm = kVaesGcm;
  i.aesCbc = kVaesCbc;
  i.aesCtr = kVaesCtr;
  i.aesCbcSha1 = kVaesCbcSha1;
  i.camelliaCbc = kVaesCamelliaCbc;
  i.camelliaCtr = kVaesCamelliaCtr;
  return i;
}

Implementation avx512() {
  Implementation i = vaes();
  i.name = "avx512";
  i.aesGcm = cpu().slowClmul ? kAvx512GcmKaratsuba : kAvx512GcmSchoolbook;
  i.aesCbc = kAvx512Cbc;
  i.aesCtr = kAvx512Ctr;
  i.aesCbcMac = kAvx512CbcMac;
  i.aesCbcSha1 = kAvx512CbcSha1;
  i.aesCbcSha256 = kAvx512CbcSha256;
  i.chacha20Poly1305 = cpu().avx512ifma ? kIfmaChacha20Poly1305 : kAvx512Chacha20Poly1305;
  if (cpu().avx512vbmi && cpu().gfni) {
    i.desCbc = i.tripleDesCbc = kWideDesCbc;
    i.blowfishCbc = kWideBlowfishCbc;
    i.twofishCbc = kWideTwofishCbc;
    i.camelliaCbc = kWideCamelliaCbc;
    i.camelliaCtr = kWideCamelliaCtr;
  }
  i.md5.many = kAvx512Md5;
  i.sha1.many = kAvx512Sha1;
  i.sha256.many = kAvx512Sha256;
  i.sha384.many = kAvx512Sha384;
  i.sha512.many = kAvx512Sha512;
  return i;
}

#elif defined(__aarch64__) || defined(__arm__)

Implementation armv8() {
  Implementation i = kPortable;
  i.name = "armv8";
  i.aesGcm = kArmv8Gcm;
  i.aesCbc = kArmv8Cbc;
  i.aesCtr = kArmv8Ctr;
  i.chacha20Poly1305 = kArmv8Chacha20Poly1305;
  i.aesCbcMac = kArmv8CbcMac;
  if (cpu().armSha1) i.sha1.compress = armv8Sha1;
  if (cpu().armSha2) i.sha256.compress = armv8Sha256;
#if defined(__aarch64__)
  if (cpu().armSha512) i.sha384.compress = i.sha512.compress = armv8Sha512;
#endif
  return i;
}

#endif

// Whether `name` is one of a list with commas.
bool lists(const char* list, std::string_view name) {
  if (list == nullptr) return false;
  std::string_view rest = list;
  for (;;) {
    const size_t comma = rest.find(',');
    if (rest.substr(0, comma) == name) return true;
    if (comma == rest.npos) return false;
    rest.remove_prefix(comma + 1);
  }
}

std::vector<const Implementation*> probe() {
  std::vector<const Implementation*> all;
  const char* faulty = std::getenv("ROUTEPLANE_CRYPTO_FAULT");
  const auto add = [&](const Implementation& i) {
    if (selfTest(i, lists(faulty, i.name))) all.push_back(&i);
  };
  add(kPortable);
#if defined(__x86_64__)
  const CpuFeatures& f = cpu();
  if (f.aes && f.pclmulqdq && f.sse41) {
    static const Implementation i = aesni();
    add(i);
    if (f.avx2 && f.vaes && f.vpclmulqdq) {
      static const Implementation two = vaes();
      add(two);
      if (f.avx512) {
        static const Implementation four = avx512();
        add(four);
      }
    }
  }
#elif defined(__aarch64__) || defined(__arm__)
  if (cpu().armAes && cpu().armPmull) {
    static const Implementation i = armv8();
    add(i);
  }
#endif
  return all;
}

}  // namespace

const char* name(const Implementation& i) { return i.name; }

std::span<const Implementation* const> implementations() {
  static const std::vector<const Implementation*> all = probe();
  return all;
}

const Implementation& implementation(std::string_view wanted) {
  for (const Implementation* i : implementations()) {
    if (wanted == i->name) return *i;
  }
  throw UnsupportedError("crypto implementation " + std::string(wanted));
}

const Implementation& defaultImplementation() {
  // Read once: what is in use does not change under a running program.
  static const Implementation& chosen = [&]() -> const Implementation& {
    if (const char* wanted = std::getenv("ROUTEPLANE_CRYPTO"); wanted != nullptr && *wanted != 0) {
      return implementation(wanted);
    }
    if (implementations().empty()) throw UnsupportedError("crypto (the known-answer tests fail)");
    return *implementations().back();
  }();
  return chosen;
}

}  // namespace rp::crypto
