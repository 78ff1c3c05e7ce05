// intel-ipsec-mb as an engine of the benchmark: AES-GCM by its direct calls, its fastest; everything else by bursts of
// jobs, which it spreads over lanes. Built by bench/ipsec-mb.ts; nothing of routeplane links it.
#include <intel-ipsec-mb.h>

#include <cstring>
#include <memory>
#include <new>

#include "bench/foreign_engine.h"

namespace {

using rp::bench::Engine;
using rp::bench::EngineSpec;
using rp::bench::kAadBytes;
using rp::bench::Packet;
using rp::crypto::Encryption;
using rp::crypto::Integrity;

// Its start runs self-tests of milliseconds, so one serves the process. Engines are used one after the other.
IMB_MGR* manager() {
  static IMB_MGR* const m = [] {
    IMB_MGR* made = alloc_mb_mgr(0);
    if (made != nullptr) init_mb_mgr_auto(made, nullptr);
    return made;
  }();
  return m;
}

struct Method {
  IMB_CIPHER_MODE cipher = IMB_CIPHER_NULL;
  IMB_HASH_ALG hash = IMB_AUTH_NULL;
  size_t saltBytes = 0;
  bool gcm = false;
};

bool methodOf(const EngineSpec& s, Method& m) {
  const size_t key = s.encryptionKeyBytes;
  switch (s.encryption) {
    case Encryption::null:
      break;
    case Encryption::aesCbc:
      m.cipher = IMB_CIPHER_CBC;
      break;
    case Encryption::aesCtr:
      m.cipher = IMB_CIPHER_CNTR;
      m.saltBytes = 4;
      break;
    case Encryption::desCbc:
      m.cipher = IMB_CIPHER_DES;
      break;
    case Encryption::tripleDesCbc:
      m.cipher = IMB_CIPHER_DES3;
      break;
    case Encryption::aesGcm:
      m.gcm = true;
      m.saltBytes = 4;
      return true;
    case Encryption::nullAesGmac:
      m.hash = key == 20 ? IMB_AUTH_AES_GMAC_128 : key == 28 ? IMB_AUTH_AES_GMAC_192 : IMB_AUTH_AES_GMAC_256;
      m.saltBytes = 4;
      return true;
    case Encryption::aesCcm:
      if (key != 19 && key != 35) return false;
      m.cipher = IMB_CIPHER_CCM;
      m.hash = IMB_AUTH_AES_CCM;
      m.saltBytes = 3;
      return true;
    case Encryption::chacha20Poly1305:
      m.cipher = IMB_CIPHER_CHACHA20_POLY1305;
      m.hash = IMB_AUTH_CHACHA20_POLY1305;
      m.saltBytes = 4;
      return true;
    default:
      return false;
  }
  switch (s.integrity) {
    case Integrity::md5_96:
      m.hash = IMB_AUTH_MD5;
      return true;
    case Integrity::sha1_96:
      m.hash = IMB_AUTH_HMAC_SHA_1;
      return true;
    case Integrity::sha256_128:
      m.hash = IMB_AUTH_HMAC_SHA_256;
      return true;
    case Integrity::sha384_192:
      m.hash = IMB_AUTH_HMAC_SHA_384;
      return true;
    case Integrity::sha512_256:
      m.hash = IMB_AUTH_HMAC_SHA_512;
      return true;
    case Integrity::aesXcbc96:
      m.hash = IMB_AUTH_AES_XCBC;
      return true;
    case Integrity::aesCmac96:
      m.hash = IMB_AUTH_AES_CMAC;
      return true;
    default:
      return false;
  }
}

struct alignas(64) Sa {
  gcm_key_data gcm;
  alignas(64) uint8_t encrypt[16 * 15];
  alignas(64) uint8_t decrypt[16 * 15];
  alignas(64) uint8_t des[3][IMB_DES_KEY_SCHED_SIZE];
  const void* desKeys[3];
  alignas(64) uint8_t inner[64];
  alignas(64) uint8_t outer[64];
  alignas(64) uint32_t macKey[44];
  alignas(64) uint8_t k2[16];
  alignas(64) uint8_t k3[16];
  uint8_t key[32];
  uint8_t salt[4];
};

void expandHmac(IMB_MGR* m, IMB_HASH_ALG hash, std::span<const uint8_t> key, Sa& sa) {
  const bool wide = hash == IMB_AUTH_HMAC_SHA_384 || hash == IMB_AUTH_HMAC_SHA_512;
  const auto one = [&](uint8_t pad, uint8_t* out) {
    uint8_t block[128];
    std::memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.size(); i++) block[i] ^= key[i];
    if (hash == IMB_AUTH_MD5) IMB_MD5_ONE_BLOCK(m, block, out);
    if (hash == IMB_AUTH_HMAC_SHA_1) IMB_SHA1_ONE_BLOCK(m, block, out);
    if (hash == IMB_AUTH_HMAC_SHA_256) IMB_SHA256_ONE_BLOCK(m, block, out);
    if (hash == IMB_AUTH_HMAC_SHA_384) IMB_SHA384_ONE_BLOCK(m, block, out);
    if (hash == IMB_AUTH_HMAC_SHA_512) IMB_SHA512_ONE_BLOCK(m, block, out);
  };
  if (key.size() <= (wide ? 128 : 64)) {
    one(0x36, sa.inner);
    one(0x5c, sa.outer);
  }
}

class IpsecMbEngine final : public Engine {
 public:
  IpsecMbEngine(const EngineSpec& s, const Method& m)
      : mgr_(manager()), method_(m), ivBytes_(s.ivBytes), icvBytes_(s.icvBytes), sas_(new Sa[s.sas]()) {
    keyBytes_ = s.encryptionKeyBytes - m.saltBytes;
    for (size_t i = 0; i < s.sas; i++) expand(s, i);
  }
  bool seal(size_t, std::span<const Packet> packets) override {
    return method_.gcm ? gcm(packets, true) : jobs(packets, true);
  }
  bool open(size_t, std::span<const Packet> packets) override {
    return method_.gcm ? gcm(packets, false) : jobs(packets, false);
  }

 private:
  static constexpr size_t kBatch = IMB_MAX_BURST_SIZE;

  void expand(const EngineSpec& s, size_t i) {
    Sa& sa = sas_[i];
    const uint8_t* key = s.encryptionKey(i).data();
    std::memcpy(sa.salt, key + keyBytes_, method_.saltBytes);
    std::memcpy(sa.key, key, keyBytes_ < 32 ? keyBytes_ : 32);
    if (s.encryption == Encryption::desCbc || s.encryption == Encryption::tripleDesCbc) {
      for (size_t k = 0; k < keyBytes_ / 8; k++) {
        IMB_DES_KEYSCHED(mgr_, reinterpret_cast<uint64_t*>(sa.des[k]), key + 8 * k);
        sa.desKeys[k] = sa.des[k];
      }
    } else if (method_.gcm || s.encryption == Encryption::nullAesGmac) {
      if (keyBytes_ == 16) IMB_AES128_GCM_PRE(mgr_, key, &sa.gcm);
      if (keyBytes_ == 24) IMB_AES192_GCM_PRE(mgr_, key, &sa.gcm);
      if (keyBytes_ == 32) IMB_AES256_GCM_PRE(mgr_, key, &sa.gcm);
    } else if (s.encryption != Encryption::null && s.encryption != Encryption::chacha20Poly1305) {
      if (keyBytes_ == 16) IMB_AES_KEYEXP_128(mgr_, key, sa.encrypt, sa.decrypt);
      if (keyBytes_ == 24) IMB_AES_KEYEXP_192(mgr_, key, sa.encrypt, sa.decrypt);
      if (keyBytes_ == 32) IMB_AES_KEYEXP_256(mgr_, key, sa.encrypt, sa.decrypt);
    }
    const std::span<const uint8_t> mac = s.integrityKey(i);
    if (s.integrity == Integrity::aesXcbc96) {
      IMB_AES_XCBC_KEYEXP(mgr_, mac.data(), sa.macKey, sa.k2, sa.k3);
    } else if (s.integrity == Integrity::aesCmac96) {
      alignas(64) uint8_t unused[16 * 15];
      IMB_AES_KEYEXP_128(mgr_, mac.data(), sa.macKey, unused);
      IMB_AES_CMAC_SUBKEY_GEN_128(mgr_, sa.macKey, sa.k2, sa.k3);
    } else if (!mac.empty()) {
      expandHmac(mgr_, method_.hash, mac, sa);
    }
  }

  void nonceOf(const Packet& p, uint8_t nonce[16]) const {
    std::memcpy(nonce, sas_[p.sa].salt, 4);
    std::memcpy(nonce + method_.saltBytes, p.data + kAadBytes, 8);
  }
  static bool equal(const uint8_t* a, const uint8_t* b, size_t bytes) {
    uint8_t difference = 0;
    for (size_t i = 0; i < bytes; i++) difference |= a[i] ^ b[i];
    return difference == 0;
  }

  bool gcm(std::span<const Packet> packets, bool encrypt) {
    const auto run = keyBytes_ == 16   ? encrypt ? mgr_->gcm128_enc : mgr_->gcm128_dec
                     : keyBytes_ == 24 ? encrypt ? mgr_->gcm192_enc : mgr_->gcm192_dec
                     : encrypt         ? mgr_->gcm256_enc
                                       : mgr_->gcm256_dec;
    gcm_context_data context;
    bool ok = true;
    for (const Packet& p : packets) {
      uint8_t nonce[16], tag[16];
      nonceOf(p, nonce);
      uint8_t* text = p.data + kAadBytes + ivBytes_;
      uint8_t* icv = text + p.textBytes;
      run(&sas_[p.sa].gcm, &context, text, text, p.textBytes, nonce, p.data, kAadBytes, encrypt ? icv : tag, icvBytes_);
      if (!encrypt) ok &= equal(tag, icv, icvBytes_);
    }
    return ok;
  }

  void fill(IMB_JOB& j, const Packet& p, size_t i, bool encrypt) {
    const Sa& sa = sas_[p.sa];
    uint8_t* text = p.data + kAadBytes + ivBytes_;
    j.cipher_mode = method_.cipher;
    j.cipher_direction = encrypt ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
    j.hash_alg = method_.hash;
    j.chain_order = encrypt ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
    j.key_len_in_bytes = keyBytes_;
    j.enc_keys = sa.encrypt;
    j.dec_keys = sa.decrypt;
    j.src = p.data;
    j.dst = text;
    j.cipher_start_src_offset_in_bytes = kAadBytes + ivBytes_;
    j.msg_len_to_cipher_in_bytes = p.textBytes;
    j.hash_start_src_offset_in_bytes = 0;
    j.msg_len_to_hash_in_bytes = kAadBytes + ivBytes_ + p.textBytes;
    j.iv = p.data + kAadBytes;
    j.iv_len_in_bytes = ivBytes_;
    j.auth_tag_output = encrypt ? text + p.textBytes : tags_[i];
    j.auth_tag_output_len_in_bytes = icvBytes_;
    j.user_data = nullptr;
    if (method_.saltBytes > 0) {
      nonceOf(p, nonces_[i]);
      j.iv = nonces_[i];
      j.iv_len_in_bytes = method_.saltBytes + 8;
    }
    switch (method_.cipher) {
      case IMB_CIPHER_DES:
        j.enc_keys = j.dec_keys = sa.des[0];
        break;
      case IMB_CIPHER_DES3:
        j.enc_keys = j.dec_keys = sa.desKeys;
        break;
      case IMB_CIPHER_CHACHA20_POLY1305:
        j.enc_keys = j.dec_keys = sa.key;
        break;
      default:
        break;
    }
    switch (method_.hash) {
      case IMB_AUTH_AES_CCM:
        j.u.CCM.aad = p.data;
        j.u.CCM.aad_len_in_bytes = kAadBytes;
        j.hash_start_src_offset_in_bytes = kAadBytes + ivBytes_;
        j.msg_len_to_hash_in_bytes = p.textBytes;
        // The order that its job checks want: the ICV covers the plaintext (RFC 3610 2.2).
        j.chain_order = encrypt ? IMB_ORDER_HASH_CIPHER : IMB_ORDER_CIPHER_HASH;
        break;
      case IMB_AUTH_CHACHA20_POLY1305:
        j.u.CHACHA20_POLY1305.aad = p.data;
        j.u.CHACHA20_POLY1305.aad_len_in_bytes = kAadBytes;
        j.hash_start_src_offset_in_bytes = kAadBytes + ivBytes_;
        j.msg_len_to_hash_in_bytes = p.textBytes;
        break;
      case IMB_AUTH_AES_GMAC_128:
      case IMB_AUTH_AES_GMAC_192:
      case IMB_AUTH_AES_GMAC_256:
        j.u.GMAC._key = &sa.gcm;
        j.u.GMAC._iv = nonces_[i];
        j.u.GMAC.iv_len_in_bytes = 12;
        break;
      case IMB_AUTH_AES_XCBC:
        j.u.XCBC._k1_expanded = sa.macKey;
        j.u.XCBC._k2 = sa.k2;
        j.u.XCBC._k3 = sa.k3;
        break;
      case IMB_AUTH_AES_CMAC:
        j.u.CMAC._key_expanded = sa.macKey;
        j.u.CMAC._skey1 = sa.k2;
        j.u.CMAC._skey2 = sa.k3;
        break;
      default:
        j.u.HMAC._hashed_auth_key_xor_ipad = sa.inner;
        j.u.HMAC._hashed_auth_key_xor_opad = sa.outer;
        break;
    }
  }

  bool jobs(std::span<const Packet> packets, bool encrypt) {
    bool ok = true;
    for (size_t first = 0; first < packets.size(); first += kBatch) {
      const std::span<const Packet> part = packets.subspan(first, std::min(kBatch, packets.size() - first));
      ok &= burst(part, encrypt);
    }
    return ok;
  }
  bool burst(std::span<const Packet> packets, bool encrypt) {
    IMB_JOB* list[kBatch];
    const uint32_t n = uint32_t(packets.size());
    if (IMB_GET_NEXT_BURST(mgr_, n, list) != n) return false;
    for (uint32_t i = 0; i < n; i++) fill(*list[i], packets[i], i, encrypt);
    bool ok = true;
    uint32_t done = 0;
    const auto collect = [&](uint32_t completed) {
      for (uint32_t i = 0; i < completed; i++) ok &= list[i]->status == IMB_STATUS_COMPLETED;
      done += completed;
      return completed;
    };
    collect(IMB_SUBMIT_BURST_NOCHECK(mgr_, n, list));
    while (done < n && collect(IMB_FLUSH_BURST(mgr_, n - done, list)) > 0) {
    }
    if (done != n) return false;
    if (!encrypt) {
      for (size_t i = 0; i < n; i++) {
        const Packet& p = packets[i];
        ok &= equal(tags_[i], p.data + kAadBytes + ivBytes_ + p.textBytes, icvBytes_);
      }
    }
    return ok;
  }

  IMB_MGR* mgr_;
  Method method_;
  size_t ivBytes_, icvBytes_, keyBytes_ = 0;
  std::unique_ptr<Sa[]> sas_;
  alignas(64) uint8_t nonces_[kBatch][16];
  alignas(64) uint8_t tags_[kBatch][64];
};

}  // namespace

extern "C" {
__attribute__((visibility("default"))) const char* rpBenchEngineVersion() { return imb_get_version_str(); }
__attribute__((visibility("default"))) Engine* rpBenchEngine(const EngineSpec& spec) {
  Method method;
  if (manager() == nullptr || !methodOf(spec, method)) return nullptr;
  return new (std::nothrow) IpsecMbEngine(spec, method);
}
}
