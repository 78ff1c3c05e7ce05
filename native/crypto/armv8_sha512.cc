// SHA-512 with the instructions of ARMv8.2 (A64 only).
#include <arm_neon.h>

#include "crypto/armv8.h"
#include "crypto/sha512_constants.h"

namespace rp::crypto {
namespace {

inline uint64x2_t loadWords(const uint8_t* p) { return vreinterpretq_u64_u8(vrev64q_u8(vld1q_u8(p))); }

// Two rounds; w is the schedule's ring of eight vectors.
template <int i>
inline void sha512Rounds(uint64x2_t& ab, uint64x2_t& cd, uint64x2_t& ef, uint64x2_t& gh, uint64x2_t w[8]) {
  if constexpr (i >= 8) {
    w[i & 7] = vsha512su1q_u64(vsha512su0q_u64(w[i & 7], w[(i + 1) & 7]), w[(i + 7) & 7],
                               vextq_u64(w[(i + 4) & 7], w[(i + 5) & 7], 1));
  }
  const uint64x2_t wk = vaddq_u64(w[i & 7], vld1q_u64(kSha512Rounds + 2 * i));
  // The first of the two rounds takes the upper lane.
  const uint64x2_t sum = vsha512hq_u64(vaddq_u64(gh, vextq_u64(wk, wk, 1)), vextq_u64(ef, gh, 1), vextq_u64(cd, ef, 1));
  const uint64x2_t next = vsha512h2q_u64(sum, cd, ab);
  gh = ef;
  ef = vaddq_u64(cd, sum);
  cd = ab;
  ab = next;
  if constexpr (i < 39) sha512Rounds<i + 1>(ab, cd, ef, gh, w);
}

}  // namespace

void armv8Sha512(void* state, const uint8_t* data, size_t blocks) {
  auto* h = static_cast<uint64_t*>(state);
  uint64x2_t ab = vld1q_u64(h), cd = vld1q_u64(h + 2), ef = vld1q_u64(h + 4), gh = vld1q_u64(h + 6);
  for (; blocks > 0; blocks--, data += 128) {
    const uint64x2_t ab0 = ab, cd0 = cd, ef0 = ef, gh0 = gh;
    uint64x2_t w[8];
    for (int i = 0; i < 8; i++) w[i] = loadWords(data + 16 * i);
    sha512Rounds<0>(ab, cd, ef, gh, w);
    ab = vaddq_u64(ab, ab0);
    cd = vaddq_u64(cd, cd0);
    ef = vaddq_u64(ef, ef0);
    gh = vaddq_u64(gh, gh0);
  }
  vst1q_u64(h, ab);
  vst1q_u64(h + 2, cd);
  vst1q_u64(h + 4, ef);
  vst1q_u64(h + 6, gh);
}

}  // namespace rp::crypto
