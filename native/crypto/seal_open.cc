// Sealing and opening, one message or a batch.
#include <algorithm>

#include "base/bytes.h"
#include "base/equal.h"
#include "crypto/cbc_hmac.h"
#include "crypto/cbc_mac.h"
#include "crypto/suite.h"
#include "crypto/suite_keys.h"

namespace rp::crypto {
namespace {

// The nonce is salt | IV, and the ESN's high half goes between SPI and the low half (RFC 4106 5, RFC 4309 5,
// RFC 7634 2.1).
struct AeadMessage : AeadText {
  uint8_t extended[12];
  AeadMessage(const Message& m, const uint8_t* salt, size_t saltBytes = 4) {
    aad = m.data;
    aadBytes = m.aadBytes;
    if (m.esn) {
      std::memcpy(extended, m.data, 4);
      storeBe32(extended + 4, m.sequenceHigh);
      std::memcpy(extended + 8, m.data + 4, 4);
      aad = extended;
      aadBytes = 12;
    }
    std::memcpy(nonce, salt, saltBytes);
    std::memcpy(nonce + saltBytes, m.data + m.aadBytes, 8);
    text = m.data + m.aadBytes + 8;
    textBytes = m.textBytes;
  }
};

// ENCR_NULL_AUTH_AES_GMAC: SPI | sequence number | IV | payload are the aad, and there is no text (RFC 4543 3.3). An
// extended sequence number's high half has to stand inside of it, so what follows SPI makes room, into the ICV's place,
// and goes back.
void gmacOf(const AeadKernel& kernel, const void* context, const Message& m, const uint8_t salt[4], uint8_t tag[16]) {
  AeadText t = {m.data, m.aadBytes + 8 + size_t(m.textBytes), {}, m.data, 0};
  std::memcpy(t.nonce, salt, 4);
  std::memcpy(t.nonce + 4, m.data + m.aadBytes, 8);
  if (!m.esn) return kernel.seal(context, t, tag);
  uint8_t* const low = m.data + 4;
  const size_t rest = t.aadBytes - 4;
  uint8_t icv[4];
  std::memcpy(icv, low + rest, 4);
  std::memmove(low + 4, low, rest);
  storeBe32(low, m.sequenceHigh);
  t.aadBytes += 4;
  kernel.seal(context, t, tag);
  std::memmove(low, low + 4, rest);
  std::memcpy(low + rest, icv, 4);
}

// CBC: the IV itself. CTR: nonce | IV | block counter from 1 (RFC 3686 4, RFC 5528 2.1).
void firstBlock(uint8_t block[16], const Message& m, size_t ivBytes, bool cbc, const uint8_t salt[4]) {
  const uint8_t* iv = m.data + m.aadBytes;
  if (cbc) {
    std::memcpy(block, iv, ivBytes);
  } else {
    std::memcpy(block, salt, 4);
    std::memcpy(block + 4, iv, 8);
    storeBe32(block + 12, 1);
  }
}

}  // namespace

// What seal and open are made of, for one message and for batches.
struct Batch {
  static uint8_t* textOf(const Suite& s, const Message& m) { return m.data + m.aadBytes + s.ivBytes_; }
  // Lengths are added up in 64 bits here, so that nothing below can overflow.
  static bool fits(const Suite& s, const Message& m) {
    const uint64_t bytes = uint64_t(m.aadBytes) + s.ivBytes_ + m.textBytes + s.icvBytes_;
    return bytes <= Suite::kMaximumMessageBytes && m.textBytes % s.blockBytes_ == 0;
  }

  // The tag of an AEAD, the text encrypted or decrypted on the way.
  static void aead(const Suite& s, const Message& m, bool seal, uint8_t tag[16]) {
    const Suite::Keys& k = *s.keys_;
    if (s.encryption_ == Encryption::nullAesGmac) return gmacOf(*k.aead, k.context.get(), m, k.salt, tag);
    if (s.encryption_ == Encryption::aesCcm) {
      const AeadMessage text(m, k.salt, Ccm::kSaltBytes);
      return seal ? k.ccm.seal(text, tag) : k.ccm.open(text, tag);
    }
    const AeadMessage text(m, k.salt);
    return seal ? k.aead->seal(k.context.get(), text, tag) : k.aead->open(k.context.get(), text, tag);
  }

  // Everything from the aad to the end of the ciphertext, then the ESN's high half (RFC 4303 2.2.1).
  static void mac(const Suite& s, const Message& m, uint8_t digest[64]) {
    const Suite::Keys& k = *s.keys_;
    uint8_t suffix[4];
    storeBe32(suffix, m.sequenceHigh);
    const size_t bytes = m.aadBytes + s.ivBytes_ + m.textBytes, suffixBytes = m.esn ? 4 : 0;
    if (k.hmac.hash != nullptr) {
      hmac(k.hmac, m.data, bytes, suffix, suffixBytes, digest);
    } else {
      k.blockMac.mac(m.data, bytes, suffix, suffixBytes, digest);
    }
  }

  static bool verify(const Suite& s, const Message& m) {
    uint8_t icv[64];
    mac(s, m, icv);
    return equal(icv, textOf(s, m) + m.textBytes, s.icvBytes_);
  }

  // Of 12 bytes or more.
  static void copyIcv(uint8_t* to, const uint8_t* icv, size_t bytes) {
    size_t i = 0;
    for (; i + 8 <= bytes; i += 8) std::memcpy(to + i, icv + i, 8);
    std::memcpy(to + bytes - 4, icv + bytes - 4, 4);
  }

  static void crypt(const Suite& s, const Message& m, bool seal) {
    const Suite::Keys& k = *s.keys_;
    if (k.cipher == nullptr) return;
    uint8_t block[16];
    firstBlock(block, m, s.ivBytes_, s.blockBytes_ > 1, k.salt);
    (seal ? k.cipher->encrypt : k.cipher->decrypt)(k.context.get(), block, textOf(s, m), m.textBytes);
  }

  static bool seal(const Suite& s, const Message& m) {
    if (!fits(s, m)) return false;
    uint8_t icv[64];
    if (s.integrity_ == Integrity::none) {
      aead(s, m, true, icv);
    } else {
      crypt(s, m, true);
      mac(s, m, icv);
    }
    std::memcpy(textOf(s, m) + m.textBytes, icv, s.icvBytes_);
    return true;
  }

  static bool open(const Suite& s, const Message& m) {
    if (!fits(s, m)) return false;
    if (s.integrity_ != Integrity::none) {
      if (!verify(s, m)) return false;
      crypt(s, m, false);
      return true;
    }
    uint8_t icv[64], *text = textOf(s, m);
    aead(s, m, false, icv);
    if (equal(icv, text + m.textBytes, s.icvBytes_)) return true;
    // One pass decrypts while it authenticates, so a forgery's text has to go.
    std::memset(text, 0, m.textBytes);
    return false;
  }

  // Operations that are worked on together.
  static constexpr size_t kTogether = 64;

  // What AEADs do: those that have a kernel for several packets at a time by the batch, the others one by one.
  template <bool kOpen>
  static void aeadTogether(std::span<Operation> operations) {
    AeadJob jobs[kTogether];
    uint8_t index[kTogether];
    bool done[kTogether] = {};
    for (size_t first = 0; first < operations.size(); first++) {
      if (done[first] || operations[first].suite->keys_->aead == nullptr) continue;
      const AeadKernel* const kernel = operations[first].suite->keys_->aead;
      size_t n = 0;
      for (size_t i = first; i < operations.size(); i++) {
        Operation& o = operations[i];
        const Suite& s = *o.suite;
        const Suite::Keys& k = *s.keys_;
        if (k.aead != kernel) continue;
        done[i] = true;
        const Message& m = o.message;
        const bool many = kernel->sealMany != nullptr && m.aadBytes == 8;
        if (!many || s.encryption_ == Encryption::nullAesGmac) {
          o.ok = kOpen ? open(s, m) : seal(s, m);
          continue;
        }
        o.ok = fits(s, m);
        if (!o.ok) continue;
        jobs[n] = {k.context.get(), m.data, m.textBytes, load<uint32_t>(k.salt),
                   m.sequenceHigh,  m.esn,  s.icvBytes_, true};
        index[n++] = uint8_t(i);
      }
      if (n == 0) continue;
      (kOpen ? kernel->openMany : kernel->sealMany)(jobs, n);
      for (size_t i = 0; kOpen && i < n; i++) operations[index[i]].ok = jobs[i].ok;
    }
  }

  // CCM: the CBC-MACs side by side, of the text before it is encrypted or after it is decrypted.
  template <bool kOpen>
  static void ccmTogether(std::span<Operation> operations) {
    const auto macOf = [&](size_t i) {
      const Suite& s = *operations[i].suite;
      return s.encryption_ == Encryption::aesCcm ? s.keys_->ccm.kernel() : nullptr;
    };
    byKernel(operations.size(), macOf, [&](const CbcMacKernel& kernel, std::span<const size_t> chosen) {
      MacJob jobs[kTogether];
      size_t n = 0;
      for (const size_t i : chosen) {
        Operation& o = operations[i];
        const Suite::Keys& k = *o.suite->keys_;
        o.ok = fits(*o.suite, o.message);
        if (!o.ok) continue;
        const AeadMessage text(o.message, k.salt, Ccm::kSaltBytes);
        if (kOpen) k.ccm.crypt(text);
        jobs[n++] = k.ccm.job(text);
      }
      absorb(kernel, jobs, n);
      n = 0;
      for (const size_t i : chosen) {
        Operation& o = operations[i];
        if (!o.ok) continue;
        const Suite& s = *o.suite;
        const AeadMessage text(o.message, s.keys_->salt, Ccm::kSaltBytes);
        uint8_t* const tag = jobs[n++].state;
        s.keys_->ccm.mask(text, tag);
        uint8_t* const icv = text.text + text.textBytes;
        if (!kOpen) {
          s.keys_->ccm.crypt(text);
          std::memcpy(icv, tag, s.icvBytes_);
        } else if (!equal(tag, icv, s.icvBytes_)) {
          o.ok = false;
          std::memset(text.text, 0, text.textBytes);
        }
      }
    });
  }

  static void sealTogether(std::span<Operation> operations) {
    bool aeads = false, others = false;
    for (Operation& o : operations) {
      const Suite& s = *o.suite;
      if (s.integrity_ == Integrity::none) {
        aeads = true;
        continue;
      }
      others = true;
      o.ok = fits(s, o.message);
      const CipherKernel* kernel = s.keys_->cipher;
      if (o.ok && kernel != nullptr && kernel->encryptMany == nullptr) crypt(s, o.message, true);
    }
    if (aeads) {
      aeadTogether<false>(operations);
      ccmTogether<false>(operations);
    }
    if (!others) return;
    CbcHmacJob jobs[kTogether];
    const CbcHmacJob* done[kTogether] = {};
    onePass(operations, cbcHmacSealMany, jobs, done);
    cryptTogether(operations, &CipherKernel::encryptMany, done);
    uint8_t icvs[kTogether][64];
    macTogether(operations, icvs, done);
    for (size_t i = 0; i < operations.size(); i++) {
      const Suite& s = *operations[i].suite;
      const Message& m = operations[i].message;
      if (!operations[i].ok || s.integrity_ == Integrity::none) continue;
      copyIcv(textOf(s, m) + m.textBytes, icvs[i], s.icvBytes_);
    }
  }

  static void openTogether(std::span<Operation> operations) {
    bool aeads = false, others = false;
    for (Operation& o : operations) {
      if (o.suite->integrity_ == Integrity::none) {
        aeads = true;
        continue;
      }
      others = true;
      o.ok = fits(*o.suite, o.message);
    }
    if (aeads) {
      aeadTogether<true>(operations);
      ccmTogether<true>(operations);
    }
    if (!others) return;
    uint8_t icvs[kTogether][64];
    CbcHmacJob jobs[kTogether];
    const CbcHmacJob* done[kTogether] = {};
    onePass(operations, cbcHmacOpenMany, jobs, done, true);
    macTogether(operations, icvs, done);
    for (size_t i = 0; i < operations.size(); i++) {
      Operation& o = operations[i];
      const Suite& s = *o.suite;
      if (!o.ok || s.integrity_ == Integrity::none) continue;
      uint8_t* const text = textOf(s, o.message);
      o.ok = equal(icvs[i], text + o.message.textBytes, s.icvBytes_);
      const CipherKernel* kernel = s.keys_->cipher;
      if (!o.ok) {
        // What was decrypted already has to go.
        if (done[i] != nullptr) std::memset(text, 0, o.message.textBytes);
      } else if (kernel != nullptr && kernel->decryptMany == nullptr) {
        if (done[i] == nullptr) {
          crypt(s, o.message, false);
        } else {
          const size_t n = done[i]->crypted;
          kernel->decrypt(s.keys_->context.get(), done[i]->iv, text + n, o.message.textBytes - n);
        }
      }
    }
    cryptTogether(operations, &CipherKernel::decryptMany, done);
  }

 private:
  // Sorts what `kernelOf` gives out to: all indices of one kernel at a time. nullptr is left out.
  template <class KernelOf, class Body>
  static void byKernel(size_t count, KernelOf kernelOf, Body body) {
    using Kernel = decltype(kernelOf(0));
    Kernel kernels[kTogether];
    size_t chosen[kTogether], left = 0;
    for (size_t i = 0; i < count; i++) left += (kernels[i] = kernelOf(i)) != nullptr;
    for (size_t first = 0; left > 0; first++) {
      const Kernel kernel = kernels[first];
      if (kernel == nullptr) continue;
      size_t n = 0;
      for (size_t i = first; i < count; i++) {
        if (kernels[i] != kernel) continue;
        kernels[i] = nullptr;
        chosen[n++] = i;
      }
      left -= n;
      body(*kernel, std::span<const size_t>(chosen, n));
    }
  }

  // As much as can be of what has a kernel for both; done[i] is nullptr or says how much of operation i that was.
  using OnePass = void (*)(const CbcHashKernel& kernel, CbcHmacJob* jobs, size_t count);
  static void onePass(std::span<Operation> operations, OnePass pass, CbcHmacJob* jobs, const CbcHmacJob** done,
                      bool opens = false) {
    const auto kernelOf = [&](size_t i) -> const CbcHashKernel* {
      const Operation& o = operations[i];
      const bool fit = o.ok && o.message.aadBytes == 8 && o.message.textBytes >= kLeastCbcHmacText;
      if (!fit || o.suite->integrity_ == Integrity::none) return nullptr;
      const CbcHashKernel* const kernel = o.suite->keys_->cbcHash;
      return kernel != nullptr && opens && kernel->open == nullptr ? nullptr : kernel;
    };
    byKernel(operations.size(), kernelOf, [&](const CbcHashKernel& kernel, std::span<const size_t> chosen) {
      CbcHmacJob* const first = jobs;
      for (const size_t i : chosen) {
        const Suite::Keys& k = *operations[i].suite->keys_;
        const Message& m = operations[i].message;
        jobs->context = k.context.get();
        jobs->keyBytes = k.keyBytes;
        jobs->key = &k.hmac;
        jobs->packet = m.data;
        jobs->textBytes = m.textBytes;
        done[i] = jobs++;
      }
      pass(kernel, first, chosen.size());
      for (const size_t i : chosen) {
        if (done[i]->hashed == 0) done[i] = nullptr;
      }
    });
  }

  // What is ok and of a cipher that has a kernel for several messages at a time, whatever their keys.
  using Many = void (*CipherKernel::*)(const CipherJob* jobs, size_t count);
  static void cryptTogether(std::span<Operation> operations, Many many, const CbcHmacJob* const* done) {
    const auto cipherOf = [&](size_t i) -> const CipherKernel* {
      const CipherKernel* c = operations[i].ok ? operations[i].suite->keys_->cipher : nullptr;
      return c != nullptr && c->*many != nullptr ? c : nullptr;
    };
    byKernel(operations.size(), cipherOf, [&](const CipherKernel& kernel, std::span<const size_t> chosen) {
      CipherJob jobs[kTogether];
      size_t n = 0;
      for (const size_t i : chosen) {
        const Suite& s = *operations[i].suite;
        const Message& m = operations[i].message;
        CipherJob& j = jobs[n++];
        j = {s.keys_->context.get(), {}, textOf(s, m), m.textBytes};
        if (done[i] != nullptr) {
          j.text += done[i]->crypted;
          j.bytes -= done[i]->crypted;
          if (j.bytes == 0) {
            n--;
            continue;
          }
          std::memcpy(j.iv, done[i]->iv, sizeof j.iv);
        } else {
          firstBlock(j.iv, m, s.ivBytes_, s.blockBytes_ > 1, s.keys_->salt);
        }
      }
      if (n > 0) (kernel.*many)(jobs, n);
    });
  }

  static void macTogether(std::span<Operation> operations, uint8_t (*icvs)[64], const CbcHmacJob* const* done) {
    const auto hashOf = [&](size_t i) {
      const Operation& o = operations[i];
      return o.ok ? o.suite->keys_->hmac.hash : nullptr;
    };
    byKernel(operations.size(), hashOf, [&](const HashKernel&, std::span<const size_t> chosen) {
      HmacJob jobs[kTogether];
      size_t n = 0;
      for (const size_t i : chosen) {
        const Suite& s = *operations[i].suite;
        const Message& m = operations[i].message;
        if (n == kTogether) break;  // never; but gcc 12 does not see it
        HmacJob& j = jobs[n++];
        j = {&s.keys_->hmac, m.data, m.aadBytes + s.ivBytes_ + m.textBytes, {}, m.esn ? 4u : 0u, icvs[i]};
        storeBe32(j.suffix, m.sequenceHigh);
        if (done[i] == nullptr) continue;
        j.data += done[i]->hashed;
        j.bytes -= done[i]->hashed;
        j.before = done[i]->hashed;
        j.state = done[i]->state;
      }
      hmacMany(jobs, n);
    });
    const auto blockMacOf = [&](size_t i) {
      const Operation& o = operations[i];
      return o.ok ? o.suite->keys_->blockMac.kernel() : nullptr;
    };
    byKernel(operations.size(), blockMacOf, [&](const CbcMacKernel& kernel, std::span<const size_t> chosen) {
      MacJob jobs[kTogether];
      size_t n = 0;
      for (const size_t i : chosen) {
        const Suite& s = *operations[i].suite;
        const Message& m = operations[i].message;
        uint8_t suffix[4];
        storeBe32(suffix, m.sequenceHigh);
        jobs[n++] = s.keys_->blockMac.job(m.data, m.aadBytes + s.ivBytes_ + m.textBytes, suffix, m.esn ? 4 : 0);
      }
      absorb(kernel, jobs, n);
      n = 0;
      for (const size_t i : chosen) std::memcpy(icvs[i], jobs[n++].state, 16);
    });
  }
};

bool Suite::seal(const Message& m) const { return Batch::seal(*this, m); }
bool Suite::open(const Message& m) const { return Batch::open(*this, m); }

void seal(std::span<Operation> operations) {
  for (; !operations.empty(); operations = operations.subspan(std::min(operations.size(), Batch::kTogether))) {
    Batch::sealTogether(operations.first(std::min(operations.size(), Batch::kTogether)));
  }
}

void open(std::span<Operation> operations) {
  for (; !operations.empty(); operations = operations.subspan(std::min(operations.size(), Batch::kTogether))) {
    Batch::openTogether(operations.first(std::min(operations.size(), Batch::kTogether)));
  }
}

}  // namespace rp::crypto
