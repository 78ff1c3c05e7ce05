// Unaligned big-endian loads and stores.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

namespace rp {

template <class T>
inline T load(const void* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
inline void store(void* p, T v) {
  std::memcpy(p, &v, sizeof v);
}

inline uint16_t loadBe16(const void* p) { return __builtin_bswap16(load<uint16_t>(p)); }
inline uint32_t loadBe32(const void* p) { return __builtin_bswap32(load<uint32_t>(p)); }
inline uint64_t loadBe64(const void* p) { return __builtin_bswap64(load<uint64_t>(p)); }
inline void storeBe16(void* p, uint16_t v) { store(p, __builtin_bswap16(v)); }
inline void storeBe32(void* p, uint32_t v) { store(p, __builtin_bswap32(v)); }
inline void storeBe64(void* p, uint64_t v) { store(p, __builtin_bswap64(v)); }

static_assert(std::endian::native == std::endian::little, "routeplane runs on little-endian machines");

}  // namespace rp
