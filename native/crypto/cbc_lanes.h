// CBC over a cipher that takes many blocks at a time; internal linkage, see kernel.h.
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/kernel.h"

namespace rp::crypto {
namespace {

inline void wipeV(void* memory, size_t bytes) {
  __builtin_memset(memory, 0, bytes);
  __asm__ volatile("" : : "r"(memory) : "memory");
}

// CBC over a cipher that has kBlock, Context, a Schedule with `prepare` (false if it does not take these keys together)
// and `wipe`, `crypt` for kLanes blocks in place, and the kernel for fewer than kFew, whose contexts may be longer.
template <class Cipher, size_t kLanes, size_t kFew>
struct CbcLanes {
  static constexpr size_t kBlock = Cipher::kBlock;
  using Context = typename Cipher::Context;

  static inline void xorBlock(uint8_t* out, const uint8_t* a, const uint8_t* b) {
    if (kBlock == 16) {
      const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a));
      const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_xor_si128(x, y));
    } else {
      uint64_t x, y;
      __builtin_memcpy(&x, a, 8);
      __builtin_memcpy(&y, b, 8);
      x ^= y;
      __builtin_memcpy(out, &x, 8);
    }
  }
  static inline void copyBlock(uint8_t* out, const uint8_t* in) { __builtin_memcpy(out, in, kBlock); }

  static void encryptMany(const CipherJob* jobs, size_t count) {
    while (count >= kFew) {
      const size_t n = encryptTogether(jobs, count);
      jobs += n;
      count -= n;
    }
    if (count > 0) Cipher::few().encryptMany(jobs, count);
  }

  // One that ends gives its lane to the next if that has the same key. Returns how many are done.
  static size_t encryptTogether(const CipherJob* jobs, size_t count) {
    typename Cipher::Schedule schedule;
    const Context* keys[kLanes];
    const size_t first = count < kLanes ? count : kLanes;
    for (size_t i = 0; i < kLanes; i++) keys[i] = static_cast<const Context*>(jobs[i < first ? i : 0].context);
    if (!schedule.prepare(keys, false)) {
      Cipher::few().encryptMany(jobs, first);
      return first;
    }
    alignas(64) uint8_t x[kLanes * kBlock] = {};
    uint8_t* text[kLanes];
    size_t left[kLanes], active[kLanes], n = 0, next = first;
    const auto begin = [&](size_t lane, const CipherJob& job) {
      copyBlock(x + kBlock * lane, job.iv);
      text[lane] = job.text;
      left[lane] = job.bytes / kBlock;
      return left[lane] > 0;
    };
    for (size_t i = 0; i < first; i++) {
      if (begin(i, jobs[i])) active[n++] = i;
    }
    while (n >= kFew) {
      size_t steps = left[active[0]];
      for (size_t k = 1; k < n; k++) steps = left[active[k]] < steps ? left[active[k]] : steps;
      for (size_t s = 0; s < steps; s++) {
        for (size_t k = 0; k < n; k++) {
          const size_t i = active[k];
          xorBlock(x + kBlock * i, x + kBlock * i, text[i]);
        }
        Cipher::crypt(schedule, x);
        for (size_t k = 0; k < n; k++) {
          const size_t i = active[k];
          copyBlock(text[i], x + kBlock * i);
          text[i] += kBlock;
        }
      }
      size_t still = 0;
      for (size_t k = 0; k < n; k++) {
        const size_t i = active[k];
        left[i] -= steps;
        while (left[i] == 0 && next < count && jobs[next].context == keys[i] && !begin(i, jobs[next++])) {
        }
        if (left[i] > 0) active[still++] = i;
      }
      n = still;
    }
    schedule.wipe();
    if (n == 0) return next;
    CipherJob rest[kFew];
    for (size_t k = 0; k < n; k++) {
      const size_t i = active[k];
      rest[k].context = keys[i];
      rest[k].text = text[i];
      rest[k].bytes = left[i] * kBlock;
      copyBlock(rest[k].iv, x + kBlock * i);
    }
    Cipher::few().encryptMany(rest, n);
    return next;
  }

  static void decrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
    CipherJob job;
    job.context = context;
    copyBlock(job.iv, iv);
    job.text = text;
    job.bytes = bytes;
    decryptMany(&job, 1);
  }

  // The blocks of neighbouring messages of one key fill the lanes together.
  static void decryptMany(const CipherJob* jobs, size_t count) {
    for (size_t first = 0; first < count;) {
      size_t end = first + 1, blocks = jobs[first].bytes / kBlock;
      for (; end < count && jobs[end].context == jobs[first].context; end++) blocks += jobs[end].bytes / kBlock;
      if (blocks < kFew) {
        for (; first < end; first++) {
          Cipher::few().decrypt(jobs[first].context, jobs[first].iv, jobs[first].text, jobs[first].bytes);
        }
      } else {
        decryptOneKey(jobs + first, end - first);
        first = end;
      }
    }
  }
  static void decryptOneKey(const CipherJob* jobs, size_t count) {
    typename Cipher::Schedule schedule;
    const Context* keys[kLanes];
    for (auto& k : keys) k = static_cast<const Context*>(jobs[0].context);
    schedule.prepare(keys, true);
    alignas(64) uint8_t x[kLanes * kBlock], before[kLanes * kBlock];
    uint8_t* out[kLanes];
    size_t n = 0;
    const auto flush = [&] {
      Cipher::crypt(schedule, x);
      for (size_t k = 0; k < n; k++) xorBlock(out[k], x + kBlock * k, before + kBlock * k);
      n = 0;
    };
    __builtin_memset(x, 0, sizeof x);
    for (size_t j = 0; j < count; j++) {
      uint8_t* text = jobs[j].text;
      uint8_t last[kBlock];
      copyBlock(last, jobs[j].iv);
      for (size_t left = jobs[j].bytes / kBlock; left > 0; left--, text += kBlock) {
        copyBlock(before + kBlock * n, last);
        copyBlock(last, text);
        copyBlock(x + kBlock * n, last);
        out[n] = text;
        if (++n == kLanes) flush();
      }
    }
    if (n > 0) flush();
    wipeV(x, sizeof x);
    schedule.wipe();
  }
};

}  // namespace
}  // namespace rp::crypto
