// libgcrypt, if this machine has it: handles are opened once per SA and reused.
#include <dlfcn.h>

#include <cstring>

#include "base/bytes.h"
#include "bench/engines.h"

namespace rp::bench {
namespace {

using crypto::Encryption;
using crypto::Integrity;

// The prototypes and numbers of <gcrypt.h>, which its ABI keeps.
struct Gcrypt {
  const char* (*gcry_check_version)(const char*);
  unsigned (*gcry_control)(int, ...);
  unsigned (*gcry_cipher_open)(void**, int, int, unsigned);
  void (*gcry_cipher_close)(void*);
  unsigned (*gcry_cipher_ctl)(void*, int, void*, size_t);
  unsigned (*gcry_cipher_setkey)(void*, const void*, size_t);
  unsigned (*gcry_cipher_setiv)(void*, const void*, size_t);
  unsigned (*gcry_cipher_setctr)(void*, const void*, size_t);
  unsigned (*gcry_cipher_authenticate)(void*, const void*, size_t);
  unsigned (*gcry_cipher_encrypt)(void*, void*, size_t, const void*, size_t);
  unsigned (*gcry_cipher_decrypt)(void*, void*, size_t, const void*, size_t);
  unsigned (*gcry_cipher_gettag)(void*, void*, size_t);
  unsigned (*gcry_cipher_checktag)(void*, const void*, size_t);
  unsigned (*gcry_mac_open)(void**, int, unsigned, void*);
  void (*gcry_mac_close)(void*);
  unsigned (*gcry_mac_setkey)(void*, const void*, size_t);
  unsigned (*gcry_mac_ctl)(void*, int, void*, size_t);
  unsigned (*gcry_mac_write)(void*, const void*, size_t);
  unsigned (*gcry_mac_read)(void*, void*, size_t*);
  unsigned (*gcry_mac_verify)(void*, const void*, size_t);

  std::string version, absent;

  Gcrypt() {
    void* library = dlopen("libgcrypt.so.20", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      absent = "libgcrypt.so.20 is not installed";
      return;
    }
    const auto get = [&](auto& f, const char* name) {
      f = reinterpret_cast<std::remove_reference_t<decltype(f)>>(dlsym(library, name));
      if (f == nullptr && absent.empty()) absent = std::string("libgcrypt.so.20 has no ") + name;
    };
#define RP_SYMBOL(name) get(name, #name)
    RP_SYMBOL(gcry_check_version), RP_SYMBOL(gcry_control), RP_SYMBOL(gcry_cipher_open), RP_SYMBOL(gcry_cipher_close);
    RP_SYMBOL(gcry_cipher_ctl), RP_SYMBOL(gcry_cipher_setkey), RP_SYMBOL(gcry_cipher_setiv);
    RP_SYMBOL(gcry_cipher_setctr), RP_SYMBOL(gcry_cipher_authenticate), RP_SYMBOL(gcry_cipher_encrypt);
    RP_SYMBOL(gcry_cipher_decrypt), RP_SYMBOL(gcry_cipher_gettag), RP_SYMBOL(gcry_cipher_checktag);
    RP_SYMBOL(gcry_mac_open), RP_SYMBOL(gcry_mac_close), RP_SYMBOL(gcry_mac_setkey), RP_SYMBOL(gcry_mac_ctl);
    RP_SYMBOL(gcry_mac_write), RP_SYMBOL(gcry_mac_read), RP_SYMBOL(gcry_mac_verify);
#undef RP_SYMBOL
    if (!absent.empty()) return;
    version = gcry_check_version(nullptr);
    constexpr int kDisableSecureMemory = 37, kInitializationFinished = 38;
    gcry_control(kDisableSecureMemory, 0);
    gcry_control(kInitializationFinished, 0);
  }
  static const Gcrypt& get() {
    static const Gcrypt g;
    return g;
  }
};

constexpr int kCbc = 3, kCtr = 6, kCcm = 8, kGcm = 9, kPoly1305 = 10;  // GCRY_CIPHER_MODE_*
constexpr int kReset = 4, kCcmLengths = 69;                            // GCRYCTL_RESET, GCRYCTL_SET_CCM_LENGTHS

// GCRY_CIPHER_*; 0: it has none.
int cipherOf(Encryption e, size_t keyBytes) {
  const auto size = [&](int a, int b, int c) { return keyBytes == 16 ? a : keyBytes == 24 ? b : c; };
  switch (e) {
    case Encryption::desCbc:
      return 302;
    case Encryption::tripleDesCbc:
      return 2;
    case Encryption::aesCbc:
    case Encryption::aesCtr:
    case Encryption::aesGcm:
    case Encryption::nullAesGmac:
    case Encryption::aesCcm:
      return size(7, 8, 9);
    case Encryption::chacha20Poly1305:
      return 316;
    case Encryption::blowfishCbc:
      return keyBytes == 16 ? 4 : 0;
    case Encryption::twofishCbc:
      return size(303, 0, 10);
    case Encryption::camelliaCbc:
    case Encryption::camelliaCtr:
      return size(310, 311, 312);
    default:
      return 0;
  }
}

int modeOf(Encryption e) {
  switch (e) {
    case Encryption::aesCtr:
    case Encryption::camelliaCtr:
      return kCtr;
    case Encryption::aesGcm:
    case Encryption::nullAesGmac:
      return kGcm;
    case Encryption::aesCcm:
      return kCcm;
    case Encryption::chacha20Poly1305:
      return kPoly1305;
    default:
      return kCbc;
  }
}

// GCRY_MAC_*
int macOf(Integrity i) {
  switch (i) {
    case Integrity::md5_96:
      return 106;
    case Integrity::sha1_96:
      return 105;
    case Integrity::sha256_128:
      return 101;
    case Integrity::sha384_192:
      return 104;
    case Integrity::sha512_256:
      return 103;
    case Integrity::aesCmac96:
      return 201;
    default:
      return 0;
  }
}

class GcryptEngine : public Engine {
 public:
  GcryptEngine(const EngineSpec& s, int cipher, int mac)
      : g_(Gcrypt::get()), ivBytes_(s.ivBytes), icvBytes_(s.icvBytes), mode_(modeOf(s.encryption)) {
    aead_ = s.integrity == Integrity::none;
    gmac_ = s.encryption == Encryption::nullAesGmac;
    saltBytes_ = saltBytesOf(s.encryption);
    for (size_t i = 0; i < s.sas; i++) {
      Sa& sa = sas_.emplace_back();
      const std::span<const uint8_t> key = s.encryptionKey(i);
      if (saltBytes_ > 0) std::memcpy(sa.salt, key.data() + key.size() - saltBytes_, saltBytes_);
      unsigned error = 0;
      if (cipher != 0) {
        error |= g_.gcry_cipher_open(&sa.cipher, cipher, mode_, 0);
        if (error == 0) error |= g_.gcry_cipher_setkey(sa.cipher, key.data(), key.size() - saltBytes_);
      }
      if (mac != 0 && error == 0) {
        error |= g_.gcry_mac_open(&sa.mac, mac, 0, nullptr);
        if (error == 0) error |= g_.gcry_mac_setkey(sa.mac, s.integrityKey(i).data(), s.integrityKeyBytes);
      }
      good_ &= error == 0;
    }
  }
  ~GcryptEngine() override {
    for (Sa& sa : sas_) {
      g_.gcry_cipher_close(sa.cipher);
      g_.gcry_mac_close(sa.mac);
    }
  }
  static size_t saltBytesOf(Encryption e) {
    if (e == Encryption::aesCcm) return 3;
    return modeOf(e) == kCbc ? 0 : 4;
  }
  // A build of the library may lack what its header has.
  bool good() const { return good_; }
  bool seal(size_t, std::span<const Packet> packets) override {
    bool ok = true;
    for (const Packet& p : packets) {
      const Sa& sa = sas_[p.sa];
      uint8_t* icv = p.data + kAadBytes + ivBytes_ + p.textBytes;
      unsigned error = text(sa, p, true);
      if (aead_) {
        error |= g_.gcry_cipher_gettag(sa.cipher, icv, icvBytes_);
      } else {
        error |= mac(sa, p);
        uint8_t digest[64];
        size_t n = sizeof digest;
        error |= g_.gcry_mac_read(sa.mac, digest, &n);
        std::memcpy(icv, digest, icvBytes_);
      }
      ok &= error == 0;
    }
    return ok;
  }
  bool open(size_t, std::span<const Packet> packets) override {
    bool ok = true;
    for (const Packet& p : packets) {
      const Sa& sa = sas_[p.sa];
      const uint8_t* icv = p.data + kAadBytes + ivBytes_ + p.textBytes;
      unsigned error;
      if (aead_) {
        error = text(sa, p, false);
        error |= g_.gcry_cipher_checktag(sa.cipher, icv, icvBytes_);
      } else {
        error = mac(sa, p);
        if (error == 0) error = g_.gcry_mac_verify(sa.mac, icv, icvBytes_);
        if (error == 0) error = text(sa, p, false);
      }
      ok &= error == 0;
    }
    return ok;
  }

 private:
  struct Sa {
    uint8_t salt[4] = {};
    void* cipher = nullptr;
    void* mac = nullptr;
  };

  // The IV, the aad and the text: gcry_cipher_setiv starts a message anew.
  unsigned text(const Sa& sa, const Packet& p, bool encrypt) {
    if (sa.cipher == nullptr) return 0;
    uint8_t block[16];
    std::memcpy(block, sa.salt, saltBytes_);
    std::memcpy(block + saltBytes_, p.data + kAadBytes, ivBytes_);
    unsigned error;
    if (mode_ == kCtr) {
      storeBe32(block + 12, 1);
      error = g_.gcry_cipher_setctr(sa.cipher, block, 16);
    } else {
      error = g_.gcry_cipher_setiv(sa.cipher, block, saltBytes_ + ivBytes_);
    }
    if (mode_ == kCcm) {
      uint64_t lengths[3] = {p.textBytes, kAadBytes, icvBytes_};
      error |= g_.gcry_cipher_ctl(sa.cipher, kCcmLengths, lengths, sizeof lengths);
    }
    if (aead_) {
      const size_t aad = kAadBytes + (gmac_ ? ivBytes_ + p.textBytes : 0);
      error |= g_.gcry_cipher_authenticate(sa.cipher, p.data, aad);
    }
    if (gmac_) return error;
    uint8_t* data = p.data + kAadBytes + ivBytes_;
    const auto run = encrypt ? g_.gcry_cipher_encrypt : g_.gcry_cipher_decrypt;
    return error | run(sa.cipher, data, p.textBytes, nullptr, 0);
  }
  unsigned mac(const Sa& sa, const Packet& p) {
    return g_.gcry_mac_ctl(sa.mac, kReset, nullptr, 0) |
           g_.gcry_mac_write(sa.mac, p.data, kAadBytes + ivBytes_ + p.textBytes);
  }

  const Gcrypt& g_;
  size_t ivBytes_, icvBytes_, saltBytes_ = 0;
  int mode_;
  bool aead_, gmac_, good_ = true;
  std::vector<Sa> sas_;
};

}  // namespace

EngineName gcryptName() {
  const Gcrypt& g = Gcrypt::get();
  return {"libgcrypt", g.version, g.absent};
}

std::unique_ptr<Engine> makeGcrypt(const EngineSpec& spec) {
  if (!Gcrypt::get().absent.empty()) return nullptr;
  const int cipher = cipherOf(spec.encryption, spec.encryptionKeyBytes - GcryptEngine::saltBytesOf(spec.encryption));
  const int mac = macOf(spec.integrity);
  if (cipher == 0 && spec.encryption != Encryption::null) return nullptr;
  if (mac == 0 && spec.integrity != Integrity::none) return nullptr;
  auto engine = std::make_unique<GcryptEngine>(spec, cipher, mac);
  return engine->good() ? std::move(engine) : nullptr;
}

}  // namespace rp::bench
