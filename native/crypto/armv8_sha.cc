// SHA-1 and SHA-256 with the ARMv8 cryptographic extension.
#include <arm_neon.h>

#include "crypto/armv8.h"
#include "crypto/sha256_constants.h"

namespace rp::crypto {
namespace {

inline uint32x4_t loadWords(const uint8_t* p) { return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p))); }

// Four rounds; w is the schedule's ring of four vectors.
template <int i>
inline void sha1Rounds(uint32x4_t& abcd, uint32_t& e, uint32x4_t w[4]) {
  constexpr uint32_t kConstants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  if constexpr (i >= 4) {
    w[i & 3] = vsha1su1q_u32(vsha1su0q_u32(w[i & 3], w[(i + 1) & 3], w[(i + 2) & 3]), w[(i + 3) & 3]);
  }
  const uint32x4_t wk = vaddq_u32(w[i & 3], vdupq_n_u32(kConstants[i / 5]));
  const uint32_t next = vsha1h_u32(vgetq_lane_u32(abcd, 0));
  if constexpr (i < 5) {
    abcd = vsha1cq_u32(abcd, e, wk);
  } else if constexpr (i >= 10 && i < 15) {
    abcd = vsha1mq_u32(abcd, e, wk);
  } else {
    abcd = vsha1pq_u32(abcd, e, wk);
  }
  e = next;
  if constexpr (i < 19) sha1Rounds<i + 1>(abcd, e, w);
}

template <int i>
inline void sha256Rounds(uint32x4_t& abcd, uint32x4_t& efgh, uint32x4_t w[4]) {
  if constexpr (i >= 4) {
    w[i & 3] = vsha256su1q_u32(vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
  }
  const uint32x4_t wk = vaddq_u32(w[i & 3], vld1q_u32(kSha256Rounds + 4 * i)), before = abcd;
  abcd = vsha256hq_u32(abcd, efgh, wk);
  efgh = vsha256h2q_u32(efgh, before, wk);
  if constexpr (i < 15) sha256Rounds<i + 1>(abcd, efgh, w);
}

}  // namespace

void armv8Sha1(void* state, const uint8_t* data, size_t blocks) {
  auto* h = static_cast<uint32_t*>(state);
  uint32x4_t abcd = vld1q_u32(h);
  uint32_t e = h[4];
  for (; blocks > 0; blocks--, data += 64) {
    const uint32x4_t abcd0 = abcd;
    const uint32_t e0 = e;
    uint32x4_t w[4];
    for (int i = 0; i < 4; i++) w[i] = loadWords(data + 16 * i);
    sha1Rounds<0>(abcd, e, w);
    abcd = vaddq_u32(abcd, abcd0);
    e += e0;
  }
  vst1q_u32(h, abcd);
  h[4] = e;
}

void armv8Sha256(void* state, const uint8_t* data, size_t blocks) {
  auto* h = static_cast<uint32_t*>(state);
  uint32x4_t abcd = vld1q_u32(h), efgh = vld1q_u32(h + 4);
  for (; blocks > 0; blocks--, data += 64) {
    const uint32x4_t abcd0 = abcd, efgh0 = efgh;
    uint32x4_t w[4];
    for (int i = 0; i < 4; i++) w[i] = loadWords(data + 16 * i);
    sha256Rounds<0>(abcd, efgh, w);
    abcd = vaddq_u32(abcd, abcd0);
    efgh = vaddq_u32(efgh, efgh0);
  }
  vst1q_u32(h, abcd);
  vst1q_u32(h + 4, efgh);
}

}  // namespace rp::crypto
