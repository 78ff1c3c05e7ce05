#include "dataplane/checksum.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "crypto/cpu.h"
#if defined(__x86_64__)
#include "dataplane/checksum_x86.h"
#endif

namespace rp::dataplane {
namespace {

constexpr size_t kBlock = 64;

// 16-bit words widened into 32-bit lanes, which an IP packet is too short to overflow; the loop becomes vector code.
template <bool kCopy>
uint64_t sumBlocks(uint8_t* to, const uint8_t* from, size_t n) {
  uint64_t total = 0;
  const size_t run = n / kBlock * kBlock;
  if (run > 0) {
    uint32_t low[16] = {}, high[16] = {};
    for (size_t at = 0; at < run; at += kBlock) {
      uint32_t words[16];
      std::memcpy(words, from + at, kBlock);
      if constexpr (kCopy) std::memcpy(to + at, words, kBlock);
      for (int i = 0; i < 16; ++i) {
        low[i] += words[i] & 0xffff;
        high[i] += words[i] >> 16;
      }
    }
    for (int i = 0; i < 16; ++i) total += uint64_t{low[i]} + high[i];
    from += run;
    if constexpr (kCopy) to += run;
    n -= run;
  }
  if constexpr (kCopy) std::memcpy(to, from, n);
  return total + sumHeader(from, n);
}

struct Kernel {
  uint64_t (*sum)(const uint8_t* p, size_t n);
  uint64_t (*copyAndSum)(uint8_t* to, const uint8_t* from, size_t n);
};

Kernel choose() {
#if defined(__x86_64__)
  if (crypto::cpu().avx512) return {avx512Sum, avx512CopyAndSum};
  if (crypto::cpu().avx2) return {avx2Sum, avx2CopyAndSum};
#endif
  return {[](const uint8_t* p, size_t n) { return sumBlocks<false>(nullptr, p, n); }, sumBlocks<true>};
}

const Kernel& kernel() {
  static const Kernel chosen = choose();
  return chosen;
}

}  // namespace

uint64_t sum(const uint8_t* p, size_t n) { return kernel().sum(p, n); }
uint64_t copyAndSum(uint8_t* to, const uint8_t* from, size_t n) { return kernel().copyAndSum(to, from, n); }

uint64_t pseudoHeaderSum(const Address& source, const Address& destination, uint8_t protocol, uint32_t length) {
  return sumHeader(source.bytes, source.size()) + sumHeader(destination.bytes, destination.size()) +
         __builtin_bswap16(protocol) + __builtin_bswap32(length);
}

uint64_t pseudoHeaderSum(const uint8_t* ip, uint8_t protocol, uint32_t length) {
  const bool v4 = ip[0] >> 4 == 4;
  return sumHeader(v4 ? ip + 12 : ip + 8, v4 ? 8 : 32) + __builtin_bswap16(protocol) + __builtin_bswap32(length);
}

void finishIpv4Header(uint8_t* ip) {
  store<uint16_t>(ip + 10, 0);
  store<uint16_t>(ip + 10, checksum(sumHeader(ip, (ip[0] & 15u) * 4u)));
}

}  // namespace rp::dataplane
