// CBC and CTR over any block cipher, several blocks side by side. Internal linkage, see kernel.h: each unit compiles
// its own with its own flags.
//
// A cipher has kBlock, Context, and encrypt<n> and decrypt<n>: n blocks in place, block i under *keys[i].
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "crypto/kernel.h"

namespace rp::crypto {
namespace {

template <size_t bytes>
struct Block {
  uint64_t w[bytes / 8];

  static inline Block load(const uint8_t* p) {
    Block b;
    __builtin_memcpy(b.w, p, bytes);
    return b;
  }
  inline void store(uint8_t* p) const { __builtin_memcpy(p, w, bytes); }
  inline Block operator^(const Block& o) const {
    Block b;
    for (size_t i = 0; i < bytes / 8; i++) b.w[i] = w[i] ^ o.w[i];
    return b;
  }
};

// kWide: how many messages CBC encrypts side by side, and how many blocks of one message all else takes at a time.
template <class Cipher, int kWide>
struct BlockModes {
  using Context = typename Cipher::Context;
  static constexpr size_t kBlock = Cipher::kBlock;
  using B = Block<kBlock>;

  static void cbcEncrypt(const void* context, const uint8_t* iv, uint8_t* text, size_t bytes) {
    const Context* const key[1] = {static_cast<const Context*>(context)};
    B x[1] = {B::load(iv)};
    for (; bytes >= kBlock; text += kBlock, bytes -= kBlock) {
      x[0] = x[0] ^ B::load(text);
      Cipher::template encrypt<1>(key, x);
      x[0].store(text);
    }
  }

  // As many messages as there is room for; one that ends gives its place to the next.
  static void cbcEncryptMany(const CipherJob* jobs, size_t count) {
    const Context* keys[kWide];
    B x[kWide];
    uint8_t* text[kWide];
    size_t left[kWide], next = 0;
    const auto take = [&](int i) {
      while (next < count && jobs[next].bytes < kBlock) next++;
      if (next == count) return false;
      const CipherJob& job = jobs[next++];
      keys[i] = static_cast<const Context*>(job.context);
      x[i] = B::load(job.iv);
      text[i] = job.text;
      left[i] = job.bytes / kBlock;
      return true;
    };
    int active = 0;
    while (active < kWide && take(active)) active++;
    while (active == kWide) {
      size_t steps = left[0];
      for (int i = 1; i < kWide; i++) steps = left[i] < steps ? left[i] : steps;
      for (size_t s = 0; s < steps; s++) {
        for (int i = 0; i < kWide; i++) x[i] = x[i] ^ B::load(text[i]);
        Cipher::template encrypt<kWide>(keys, x);
        for (int i = 0; i < kWide; i++) {
          x[i].store(text[i]);
          text[i] += kBlock;
        }
      }
      for (int i = 0; i < active;) {
        left[i] -= steps;
        if (left[i] > 0 || take(i)) {
          i++;
          continue;
        }
        // The last one moves into the gap; it may have to give up its place as well.
        active--;
        if (i == active) break;
        keys[i] = keys[active];
        x[i] = x[active];
        text[i] = text[active];
        left[i] = left[active];
        // Those in front have been counted down already, this one has not.
      }
    }
    for (int i = 0; i < active; i++) {
      uint8_t iv[kBlock];
      x[i].store(iv);
      cbcEncrypt(keys[i], iv, text[i], left[i] * kBlock);
    }
  }

  template <int n>
  static inline B decryptBlocks(const Context* const* keys, B last, uint8_t* text) {
    B x[n], cipher[n];
    for (int i = 0; i < n; i++) x[i] = cipher[i] = B::load(text + kBlock * i);
    Cipher::template decrypt<n>(keys, x);
    for (int i = 0; i < n; i++) (x[i] ^ (i == 0 ? last : cipher[i - 1])).store(text + kBlock * i);
    return cipher[n - 1];
  }
  static void cbcDecrypt(const void* context, const uint8_t* iv, uint8_t* text, size_t bytes) {
    const Context* keys[kWide];
    for (auto& k : keys) k = static_cast<const Context*>(context);
    B last = B::load(iv);
    constexpr size_t kGroup = kWide * kBlock;
    for (; bytes >= kGroup; text += kGroup, bytes -= kGroup) last = decryptBlocks<kWide>(keys, last, text);
    for (; bytes >= kBlock; text += kBlock, bytes -= kBlock) last = decryptBlocks<1>(keys, last, text);
  }

  // The last four bytes of the block are the counter, big-endian.
  static void ctr(const void* context, const uint8_t* iv, uint8_t* text, size_t bytes) {
    const Context* keys[kWide];
    for (auto& k : keys) k = static_cast<const Context*>(context);
    uint32_t counter;
    __builtin_memcpy(&counter, iv + kBlock - 4, 4);
    counter = __builtin_bswap32(counter);
    const B first = B::load(iv);
    while (bytes > 0) {
      B s[kWide];
      for (auto& block : s) {
        block = first;
        const uint64_t low = block.w[kBlock / 8 - 1] & 0xffffffff;
        block.w[kBlock / 8 - 1] = low | uint64_t(__builtin_bswap32(counter++)) << 32;
      }
      Cipher::template encrypt<kWide>(keys, s);
      for (int i = 0; i < kWide && bytes > 0; i++) {
        if (bytes >= kBlock) {
          (B::load(text) ^ s[i]).store(text);
          text += kBlock;
          bytes -= kBlock;
          continue;
        }
        uint8_t stream[kBlock];
        s[i].store(stream);
        for (size_t j = 0; j < bytes; j++) text[j] ^= stream[j];
        bytes = 0;
      }
    }
  }
};

}  // namespace
}  // namespace rp::crypto
