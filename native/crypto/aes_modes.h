// AES-CBC, AES-CTR and CBC-MAC over the block instructions of a CPU, eight blocks at a time. `Isa` has the block type
// and what the instructions do to it. Internal linkage, see kernel.h.
#pragma once
#include "crypto/kernel.h"
#include "crypto/mac_lanes.h"

namespace rp::crypto {
namespace {

template <class Isa>
struct AesModes {
  using Block = typename Isa::Block;
  using Key = typename Isa::Key;
  static constexpr int kWide = 8;

  struct CbcContext {
    Key forward, inverse;
  };
  static void expandCbc(void* context, const uint8_t* key, size_t keyBytes) {
    auto& c = *static_cast<CbcContext*>(context);
    Isa::expand(c.forward, key, keyBytes);
    Isa::invert(c.inverse, c.forward);
  }

  static void cbcEncrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
    const Key& key = static_cast<const CbcContext*>(context)->forward;
    Block x[1] = {Isa::load(iv)};
    for (; bytes >= 16; text += 16, bytes -= 16) {
      x[0] = Isa::add(x[0], Isa::load(text));
      Isa::template encrypt<1>(key, x);
      Isa::store(text, x[0]);
    }
  }

  // Eight messages of one key length at a time; when one ends, the next takes its lane.
  static void cbcEncryptMany(const CipherJob* jobs, size_t count) {
    for (uint32_t rounds = 10; rounds <= 14; rounds += 2) cbcEncryptLanes(jobs, count, rounds);
  }
  static void cbcEncryptLanes(const CipherJob* jobs, size_t count, uint32_t rounds) {
    const Key* keys[kWide] = {};
    uint8_t* text[kWide];
    uint8_t idle[16] = {};
    size_t left[kWide] = {}, step[kWide] = {}, next = 0;
    Block x[kWide];
    const auto refill = [&](int lane) {
      for (; next < count; next++) {
        const Key& key = static_cast<const CbcContext*>(jobs[next].context)->forward;
        if (key.count != rounds || jobs[next].bytes < 16) continue;
        keys[lane] = &key;
        text[lane] = jobs[next].text;
        left[lane] = jobs[next].bytes / 16;
        step[lane] = 16;
        x[lane] = Isa::load(jobs[next++].iv);
        return;
      }
      // Nothing is left: the lane goes through the motions on a block of its own.
      text[lane] = idle;
      left[lane] = step[lane] = 0;
      x[lane] = Isa::zero();
    };
    for (int i = 0; i < kWide; i++) refill(i);
    if (keys[0] == nullptr) return;
    for (auto& key : keys) key = key != nullptr ? key : keys[0];
    for (;;) {
      size_t blocks = 0;
      for (const size_t n : left) blocks = n != 0 && (blocks == 0 || n < blocks) ? n : blocks;
      if (blocks == 0) return;
      for (size_t b = 0; b < blocks; b++) {
        for (int i = 0; i < kWide; i++) x[i] = Isa::add(x[i], Isa::load(text[i]));
        Isa::template encryptEach<kWide>(keys, x);
        for (int i = 0; i < kWide; i++) {
          Isa::store(text[i], x[i]);
          text[i] += step[i];
        }
      }
      for (int i = 0; i < kWide; i++) {
        if (left[i] != 0 && (left[i] -= blocks) == 0) refill(i);
      }
    }
  }

  template <int n>
  static Block cbcDecryptBlocks(const Key& key, Block last, uint8_t* text) {
    Block x[n], cipher[n];
    for (int i = 0; i < n; i++) x[i] = cipher[i] = Isa::load(text + 16 * i);
    Isa::template decrypt<n>(key, x);
    for (int i = 0; i < n; i++) Isa::store(text + 16 * i, Isa::add(x[i], i == 0 ? last : cipher[i - 1]));
    return cipher[n - 1];
  }
  static void cbcDecrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
    const Key& key = static_cast<const CbcContext*>(context)->inverse;
    Block last = Isa::load(iv);
    for (; bytes >= 16 * kWide; text += 16 * kWide, bytes -= 16 * kWide) {
      last = cbcDecryptBlocks<kWide>(key, last, text);
    }
    for (; bytes >= 16; text += 16, bytes -= 16) last = cbcDecryptBlocks<1>(key, last, text);
  }

  static void expandCtr(void* context, const uint8_t* key, size_t keyBytes) {
    Isa::expand(*static_cast<Key*>(context), key, keyBytes);
  }
  static void cbcMac(const void* context, uint8_t state[16], const uint8_t* data, size_t blocks) {
    const Key& key = *static_cast<const Key*>(context);
    Block x[1] = {Isa::load(state)};
    for (; blocks > 0; data += 16, blocks--) {
      x[0] = Isa::add(x[0], Isa::load(data));
      Isa::template encrypt<1>(key, x);
    }
    Isa::store(state, x[0]);
  }
  static void cbcMacMany(MacJob* jobs, size_t count) {
    for (uint32_t rounds = 10; rounds <= 14; rounds += 2) cbcMacLanes(jobs, count, rounds);
  }
  static void cbcMacLanes(MacJob* jobs, size_t count, uint32_t rounds) {
    MacLanes<kWide> lanes(jobs, count);
    const Key* keys[kWide] = {};
    Block x[kWide];
    const auto refill = [&](int i) {
      const MacJob* const job =
          lanes.take(i, [&](const MacJob& j) { return static_cast<const Key*>(j.context)->count == rounds; });
      x[i] = job != nullptr ? Isa::load(job->state) : Isa::zero();
      if (job != nullptr) keys[i] = static_cast<const Key*>(job->context);
    };
    for (int i = 0; i < kWide; i++) refill(i);
    if (keys[0] == nullptr) return;
    for (auto& key : keys) key = key != nullptr ? key : keys[0];
    for (size_t blocks = lanes.shortest(); blocks > 0; blocks = lanes.shortest()) {
      for (size_t b = 0; b < blocks; b++) {
        for (int i = 0; i < kWide; i++) {
          x[i] = Isa::add(x[i], Isa::load(lanes.at[i]));
          lanes.at[i] += lanes.step[i];
        }
        Isa::template encryptEach<kWide>(keys, x);
      }
      for (int i = 0; i < kWide; i++) {
        if (!lanes.advance(i, blocks)) continue;
        Isa::store(lanes.job[i]->state, x[i]);
        refill(i);
      }
    }
  }
  // The counter is kept byte-reversed, its 32 bits in the lowest lane.
  static void counters(Block s[kWide], Block& counter) {
    for (int i = 0; i < kWide; i++) {
      s[i] = Isa::reverse(counter);
      counter = Isa::increment(counter);
    }
  }
  static void ctr(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
    const Key& key = *static_cast<const Key*>(context);
    Block counter = Isa::reverse(Isa::load(iv));
    while (bytes > 0) {
      Block s[kWide];
      counters(s, counter);
      Isa::template encrypt<kWide>(key, s);
      for (int i = 0; i < kWide && bytes > 0; i++) {
        const size_t n = bytes < 16 ? bytes : 16;
        if (n == 16) {
          Isa::store(text, Isa::add(Isa::load(text), s[i]));
        } else {
          Isa::storePart(text, Isa::add(Isa::loadPart(text, n), s[i]), n);
        }
        text += n;
        bytes -= n;
      }
    }
  }

  static constexpr CipherKernel kCbc = {sizeof(CbcContext), expandCbc, cbcEncrypt, cbcDecrypt, cbcEncryptMany};
  static constexpr CipherKernel kCtr = {sizeof(Key), expandCtr, ctr, ctr};
  static constexpr CbcMacKernel kCbcMac = {sizeof(Key), expandCtr, cbcMac, cbcMacMany};
};

}  // namespace
}  // namespace rp::crypto
