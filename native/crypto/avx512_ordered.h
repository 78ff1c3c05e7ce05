// Instructions that stay in the order in which they are written, while the compiler chooses the registers: Zen 4 gives
// an instruction its port when it comes in, not when it may run, so the same instructions in another order take up to a
// fifth longer. Internal linkage, see kernel.h.
#pragma once
#include <immintrin.h>
#include <stdint.h>

namespace rp::crypto {
namespace {

struct Ordered {
  using V = __m512i;

  static inline void add(V& a, V b) { __asm__ volatile("vpaddd %1, %0, %0" : "+v"(a) : "v"(b)); }
  static inline void add(V& a, const V* b) { __asm__ volatile("vpaddd %1, %0, %0" : "+v"(a) : "m"(*b)); }
  // One word for all lanes.
  static inline void add(V& a, const uint32_t* b) {
    __asm__ volatile("vpaddd %1%{1to16%}, %0, %0" : "+v"(a) : "m"(*b));
  }
  static inline void exclusive(V& a, V b) { __asm__ volatile("vpxord %1, %0, %0" : "+v"(a) : "v"(b)); }
  static inline void exclusive(V& a, const V* b) {
    __asm__ volatile("vpxorq %1, %0, %0" : "+v"(a) : "m"(*reinterpret_cast<const uint8_t(*)[64]>(b)));
  }
  // All but the first 16 bytes.
  static inline void exclusiveAbove(V& a, const uint8_t* b) {
    __asm__ volatile("vpxorq %1, %0, %0%{%2%}"
                     : "+v"(a)
                     : "m"(*reinterpret_cast<const uint8_t(*)[64]>(b)), "Yk"(__mmask8(0xfc)));
  }
  // a ^= b ^ c
  static inline void exclusive(V& a, V b, V c) {
    __asm__ volatile("vpternlogd $0x96, %2, %1, %0" : "+v"(a) : "v"(b), "v"(c));
  }
  static inline void exclusive(V& a, V b, const V* c) {
    __asm__ volatile("vpternlogd $0x96, %2, %1, %0" : "+v"(a) : "v"(b), "m"(*c));
  }
  // Bit by bit what the table says of a, b and c.
  template <int table>
  static inline V logic(V a, V b, V c) {
    __asm__ volatile("vpternlogd %3, %2, %1, %0" : "+v"(a) : "v"(b), "v"(c), "i"(table));
    return a;
  }
  template <int n>
  static inline V rol(V a) {
    V r;
    __asm__ volatile("vprold %2, %1, %0" : "=v"(r) : "v"(a), "i"(n));
    return r;
  }
  template <int n>
  static inline V ror(V a) {
    V r;
    __asm__ volatile("vprord %2, %1, %0" : "=v"(r) : "v"(a), "i"(n));
    return r;
  }
  template <int n>
  static inline V shr(V a) {
    V r;
    __asm__ volatile("vpsrld %2, %1, %0" : "=v"(r) : "v"(a), "i"(n));
    return r;
  }
  static inline V load(const void* p) {
    V r;
    __asm__ volatile("vmovdqu64 %1, %0" : "=v"(r) : "m"(*static_cast<const uint8_t(*)[64]>(p)));
    return r;
  }
  static inline void store(void* p, V x) {
    __asm__ volatile("vmovdqu64 %1, %0" : "=m"(*static_cast<uint8_t(*)[64]>(p)) : "v"(x));
  }
  static inline void copyBlock(void* to, const void* from) {
    __m128i x;
    __asm__ volatile("vmovdqu %1, %0" : "=x"(x) : "m"(*static_cast<const uint8_t(*)[16]>(from)));
    __asm__ volatile("vmovdqu %1, %0" : "=m"(*static_cast<uint8_t(*)[16]>(to)) : "x"(x));
  }
  static inline void encrypt(V& x, const V* key) { __asm__ volatile("vaesenc %1, %0, %0" : "+v"(x) : "m"(*key)); }
  static inline void encryptLast(V& x, const V* key) {
    __asm__ volatile("vaesenclast %1, %0, %0" : "+v"(x) : "m"(*key));
  }
  static inline void decrypt(V& x, const V* key) { __asm__ volatile("vaesdec %1, %0, %0" : "+v"(x) : "m"(*key)); }
  static inline void decryptLast(V& x, const V* key) {
    __asm__ volatile("vaesdeclast %1, %0, %0" : "+v"(x) : "m"(*key));
  }
  template <int select>
  static inline V quarters(V a, V b) {
    V r;
    __asm__ volatile("vshufi64x2 %3, %2, %1, %0" : "=v"(r) : "v"(a), "v"(b), "i"(select));
    return r;
  }
  template <int select>
  static inline V quarters(V a, const void* b) {
    V r;
    __asm__ volatile("vshufi64x2 %3, %2, %1, %0"
                     : "=v"(r)
                     : "v"(a), "m"(*static_cast<const uint8_t(*)[64]>(b)), "i"(select));
    return r;
  }
  static inline V lowWords(V a, const void* b) {
    V r;
    __asm__ volatile("vpunpckldq %2, %1, %0" : "=v"(r) : "v"(a), "m"(*static_cast<const uint8_t(*)[64]>(b)));
    return r;
  }
  static inline V highWords(V a, const void* b) {
    V r;
    __asm__ volatile("vpunpckhdq %2, %1, %0" : "=v"(r) : "v"(a), "m"(*static_cast<const uint8_t(*)[64]>(b)));
    return r;
  }
  static inline V lowPairs(V a, V b) {
    V r;
    __asm__ volatile("vpunpcklqdq %2, %1, %0" : "=v"(r) : "v"(a), "v"(b));
    return r;
  }
  static inline V highPairs(V a, V b) {
    V r;
    __asm__ volatile("vpunpckhqdq %2, %1, %0" : "=v"(r) : "v"(a), "v"(b));
    return r;
  }
  static inline V bytes(V a, const V* order) {
    V r;
    __asm__ volatile("vpshufb %2, %1, %0" : "=v"(r) : "v"(a), "m"(*order));
    return r;
  }
};

}  // namespace
}  // namespace rp::crypto
