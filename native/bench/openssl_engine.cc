// The OpenSSL inside the Node binary, which exports it: contexts are made once per SA and reused, as a C program would.
#include <dlfcn.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "bench/engines.h"

namespace rp::bench {
namespace {

using crypto::Encryption;
using crypto::Integrity;

// The prototypes of <openssl/evp.h>, <openssl/hmac.h> and <openssl/cmac.h>; all contexts are opaque.
struct Openssl {
  const char* (*OpenSSL_version)(int);
  void* (*OSSL_LIB_CTX_new)();
  void* (*OSSL_PROVIDER_load)(void*, const char*);
  void* (*EVP_CIPHER_fetch)(void*, const char*, const char*);
  void* (*EVP_MD_fetch)(void*, const char*, const char*);
  void* (*EVP_CIPHER_CTX_new)();
  void (*EVP_CIPHER_CTX_free)(void*);
  int (*EVP_CIPHER_CTX_ctrl)(void*, int, int, void*);
  int (*EVP_CIPHER_CTX_set_padding)(void*, int);
  int (*EVP_CipherInit_ex)(void*, const void*, void*, const uint8_t*, const uint8_t*, int);
  int (*EVP_CipherUpdate)(void*, uint8_t*, int*, const uint8_t*, int);
  int (*EVP_CipherFinal_ex)(void*, uint8_t*, int*);
  void* (*HMAC_CTX_new)();
  void (*HMAC_CTX_free)(void*);
  int (*HMAC_Init_ex)(void*, const void*, int, const void*, void*);
  int (*HMAC_Update)(void*, const uint8_t*, size_t);
  int (*HMAC_Final)(void*, uint8_t*, unsigned*);
  void* (*CMAC_CTX_new)();
  void (*CMAC_CTX_free)(void*);
  int (*CMAC_Init)(void*, const void*, size_t, const void*, void*);
  int (*CMAC_Update)(void*, const void*, size_t);
  int (*CMAC_Final)(void*, uint8_t*, size_t*);
  int (*CRYPTO_memcmp)(const void*, const void*, size_t);

  const char* missing = nullptr;
  void* library = nullptr;  // with the provider that has the old ciphers

  Openssl() {
#define RP_SYMBOL(name) get(name, #name)
    RP_SYMBOL(OpenSSL_version), RP_SYMBOL(OSSL_LIB_CTX_new), RP_SYMBOL(OSSL_PROVIDER_load);
    RP_SYMBOL(EVP_CIPHER_fetch), RP_SYMBOL(EVP_MD_fetch), RP_SYMBOL(EVP_CIPHER_CTX_new);
    RP_SYMBOL(EVP_CIPHER_CTX_free), RP_SYMBOL(EVP_CIPHER_CTX_ctrl), RP_SYMBOL(EVP_CIPHER_CTX_set_padding);
    RP_SYMBOL(EVP_CipherInit_ex), RP_SYMBOL(EVP_CipherUpdate), RP_SYMBOL(EVP_CipherFinal_ex);
    RP_SYMBOL(HMAC_CTX_new), RP_SYMBOL(HMAC_CTX_free), RP_SYMBOL(HMAC_Init_ex), RP_SYMBOL(HMAC_Update);
    RP_SYMBOL(HMAC_Final), RP_SYMBOL(CMAC_CTX_new), RP_SYMBOL(CMAC_CTX_free), RP_SYMBOL(CMAC_Init);
    RP_SYMBOL(CMAC_Update), RP_SYMBOL(CMAC_Final), RP_SYMBOL(CRYPTO_memcmp);
#undef RP_SYMBOL
    if (missing != nullptr) return;
    // A library context of its own: what Node's own code may use does not change.
    library = OSSL_LIB_CTX_new();
    OSSL_PROVIDER_load(library, "default");
    OSSL_PROVIDER_load(library, "legacy");
  }
  static const Openssl& get() {
    static const Openssl o;
    return o;
  }

 private:
  template <class F>
  void get(F& f, const char* name) {
    f = reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
    if (f == nullptr && missing == nullptr) missing = name;
  }
};

constexpr int kSetIvBytes = 0x9, kGetTag = 0x10, kSetTag = 0x11;  // EVP_CTRL_AEAD_*

std::string cipherName(const EngineSpec& s) {
  const auto bits = [&](size_t saltBytes) { return std::to_string((s.encryptionKeyBytes - saltBytes) * 8); };
  switch (s.encryption) {
    case Encryption::desCbc:
      return "DES-CBC";
    case Encryption::tripleDesCbc:
      return "DES-EDE3-CBC";
    case Encryption::aesCbc:
      return "AES-" + bits(0) + "-CBC";
    case Encryption::aesCtr:
      return "AES-" + bits(4) + "-CTR";
    case Encryption::aesGcm:
    case Encryption::nullAesGmac:
      return "AES-" + bits(4) + "-GCM";
    case Encryption::aesCcm:
      return "AES-" + bits(3) + "-CCM";
    case Encryption::chacha20Poly1305:
      return "ChaCha20-Poly1305";
    case Encryption::blowfishCbc:
      return "BF-CBC";
    case Encryption::camelliaCbc:
      return "CAMELLIA-" + bits(0) + "-CBC";
    case Encryption::camelliaCtr:
      return "CAMELLIA-" + bits(4) + "-CTR";
    default:
      return "";
  }
}

const char* digestName(Integrity i) {
  switch (i) {
    case Integrity::md5_96:
      return "MD5";
    case Integrity::sha1_96:
      return "SHA1";
    case Integrity::sha256_128:
      return "SHA256";
    case Integrity::sha384_192:
      return "SHA384";
    case Integrity::sha512_256:
      return "SHA512";
    default:
      return nullptr;
  }
}

class OpensslEngine : public Engine {
 public:
  // EVP_CIPHER and EVP_MD objects are fetched once per process and kind and stay, as do those of OpenSSL's own cache.
  OpensslEngine(const EngineSpec& s, void* cipher, void* digest)
      : ssl_(Openssl::get()),
        ivBytes_(s.ivBytes),
        icvBytes_(int(s.icvBytes)),
        ccm_(s.encryption == Encryption::aesCcm) {
    gmac_ = s.encryption == Encryption::nullAesGmac;
    aead_ = s.integrity == Integrity::none;
    saltBytes_ = ccm_                                                                                     ? 3
                 : aead_ || s.encryption == Encryption::aesCtr || s.encryption == Encryption::camelliaCtr ? 4
                                                                                                          : 0;
    for (size_t i = 0; i < s.sas; i++) {
      Sa& sa = sas_.emplace_back();
      const std::span<const uint8_t> key = s.encryptionKey(i);
      if (saltBytes_ > 0) std::memcpy(sa.salt, key.data() + key.size() - saltBytes_, saltBytes_);
      for (const int encrypt : {0, 1}) {
        if (cipher == nullptr) continue;
        void* c = sa.cipher[encrypt] = ssl_.EVP_CIPHER_CTX_new();
        ssl_.EVP_CipherInit_ex(c, cipher, nullptr, nullptr, nullptr, encrypt);
        // Blowfish has keys of many lengths.
        if (s.encryption == Encryption::blowfishCbc) ssl_.EVP_CIPHER_CTX_ctrl(c, 0x1, int(key.size()), nullptr);
        if (aead_) ssl_.EVP_CIPHER_CTX_ctrl(c, kSetIvBytes, int(saltBytes_ + ivBytes_), nullptr);
        if (ccm_) ssl_.EVP_CIPHER_CTX_ctrl(c, kSetTag, icvBytes_, nullptr);
        ssl_.EVP_CIPHER_CTX_set_padding(c, 0);
        ssl_.EVP_CipherInit_ex(c, nullptr, nullptr, key.data(), nullptr, encrypt);
      }
      const std::span<const uint8_t> mac = s.integrityKey(i);
      if (s.integrity == Integrity::aesCmac96) {
        sa.cmac = ssl_.CMAC_CTX_new();
        ssl_.CMAC_Init(sa.cmac, mac.data(), mac.size(), digest, nullptr);
      } else if (digest != nullptr) {
        sa.hmac = ssl_.HMAC_CTX_new();
        ssl_.HMAC_Init_ex(sa.hmac, mac.data(), int(mac.size()), digest, nullptr);
      }
    }
  }
  ~OpensslEngine() override {
    for (Sa& sa : sas_) {
      for (void* c : sa.cipher) ssl_.EVP_CIPHER_CTX_free(c);
      if (sa.hmac != nullptr) ssl_.HMAC_CTX_free(sa.hmac);
      if (sa.cmac != nullptr) ssl_.CMAC_CTX_free(sa.cmac);
    }
  }
  bool seal(size_t, std::span<const Packet> packets) override {
    bool ok = true;
    for (const Packet& p : packets) ok &= aead_ ? aead(p, 1) : sealOne(p);
    return ok;
  }
  bool open(size_t, std::span<const Packet> packets) override {
    bool ok = true;
    for (const Packet& p : packets) ok &= aead_ ? aead(p, 0) : openOne(p);
    return ok;
  }

 private:
  struct Sa {
    uint8_t salt[4] = {};
    void* cipher[2] = {};
    void* hmac = nullptr;
    void* cmac = nullptr;
  };

  bool aead(const Packet& p, int encrypt) {
    const Sa& sa = sas_[p.sa];
    void* c = sa.cipher[encrypt];
    uint8_t nonce[12];
    std::memcpy(nonce, sa.salt, saltBytes_);
    std::memcpy(nonce + saltBytes_, p.data + kAadBytes, 8);
    uint8_t* text = p.data + kAadBytes + ivBytes_;
    uint8_t* icv = text + p.textBytes;
    int n, ok = 1;
    if (ccm_ && !encrypt) ok &= ssl_.EVP_CIPHER_CTX_ctrl(c, kSetTag, icvBytes_, icv);
    ok &= ssl_.EVP_CipherInit_ex(c, nullptr, nullptr, nullptr, nonce, encrypt);
    if (ccm_) ok &= ssl_.EVP_CipherUpdate(c, nullptr, &n, nullptr, int(p.textBytes));
    // GMAC: everything up to the ICV is authenticated, nothing encrypted (RFC 4543 3.3).
    ok &= ssl_.EVP_CipherUpdate(c, nullptr, &n, p.data, int(kAadBytes + (gmac_ ? ivBytes_ + p.textBytes : 0)));
    if (!encrypt && !ccm_) ok &= ssl_.EVP_CIPHER_CTX_ctrl(c, kSetTag, icvBytes_, icv);
    if (!gmac_) ok &= ssl_.EVP_CipherUpdate(c, text, &n, text, int(p.textBytes)) > 0;
    if (!ccm_ || encrypt) ok &= ssl_.EVP_CipherFinal_ex(c, icv, &n) > 0;
    if (encrypt) ok &= ssl_.EVP_CIPHER_CTX_ctrl(c, kGetTag, icvBytes_, icv);
    return ok == 1;
  }
  bool cipher(const Packet& p, int encrypt) {
    const Sa& sa = sas_[p.sa];
    void* c = sa.cipher[encrypt];
    if (c == nullptr) return true;
    uint8_t block[16];
    if (saltBytes_ == 0) {
      std::memcpy(block, p.data + kAadBytes, ivBytes_);
    } else {
      std::memcpy(block, sa.salt, 4);
      std::memcpy(block + 4, p.data + kAadBytes, 8);
      storeBe32(block + 12, 1);
    }
    uint8_t* text = p.data + kAadBytes + ivBytes_;
    int n;
    return ssl_.EVP_CipherInit_ex(c, nullptr, nullptr, nullptr, block, encrypt) == 1 &&
           ssl_.EVP_CipherUpdate(c, text, &n, text, int(p.textBytes)) == 1;
  }
  bool mac(const Packet& p, uint8_t digest[64]) {
    const Sa& sa = sas_[p.sa];
    const size_t bytes = kAadBytes + ivBytes_ + p.textBytes;
    if (sa.cmac != nullptr) {
      size_t n;
      return ssl_.CMAC_Init(sa.cmac, nullptr, 0, nullptr, nullptr) == 1 &&
             ssl_.CMAC_Update(sa.cmac, p.data, bytes) == 1 && ssl_.CMAC_Final(sa.cmac, digest, &n) == 1;
    }
    unsigned n;
    return ssl_.HMAC_Init_ex(sa.hmac, nullptr, 0, nullptr, nullptr) == 1 &&
           ssl_.HMAC_Update(sa.hmac, p.data, bytes) == 1 && ssl_.HMAC_Final(sa.hmac, digest, &n) == 1;
  }
  bool sealOne(const Packet& p) {
    uint8_t digest[64];
    if (!cipher(p, 1) || !mac(p, digest)) return false;
    std::memcpy(p.data + kAadBytes + ivBytes_ + p.textBytes, digest, size_t(icvBytes_));
    return true;
  }
  bool openOne(const Packet& p) {
    uint8_t digest[64];
    if (!mac(p, digest)) return false;
    const uint8_t* icv = p.data + kAadBytes + ivBytes_ + p.textBytes;
    return ssl_.CRYPTO_memcmp(digest, icv, size_t(icvBytes_)) == 0 && cipher(p, 0);
  }

  const Openssl& ssl_;
  size_t ivBytes_, saltBytes_ = 0;
  int icvBytes_;
  bool aead_, gmac_, ccm_;
  std::vector<Sa> sas_;
};

}  // namespace

EngineName opensslName() {
  const Openssl& ssl = Openssl::get();
  if (ssl.missing != nullptr) {
    return {"node-openssl", "", std::string("this Node binary does not export ") + ssl.missing};
  }
  return {"node-openssl", ssl.OpenSSL_version(0), ""};
}

std::unique_ptr<Engine> makeOpenssl(const EngineSpec& spec) {
  const Openssl& ssl = Openssl::get();
  if (ssl.missing != nullptr) return nullptr;
  void* cipher = nullptr;
  void* digest = nullptr;
  if (spec.encryption != Encryption::null) {
    cipher = ssl.EVP_CIPHER_fetch(ssl.library, cipherName(spec).c_str(), nullptr);
    if (cipher == nullptr) return nullptr;
  }
  if (spec.integrity == Integrity::aesCmac96) {
    digest = ssl.EVP_CIPHER_fetch(ssl.library, "AES-128-CBC", nullptr);
  } else if (const char* name = digestName(spec.integrity)) {
    digest = ssl.EVP_MD_fetch(ssl.library, name, nullptr);
  }
  if (spec.integrity != Integrity::none && digest == nullptr) return nullptr;
  return std::make_unique<OpensslEngine>(spec, cipher, digest);
}

}  // namespace rp::bench
