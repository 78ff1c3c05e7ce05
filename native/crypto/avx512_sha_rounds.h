// The rounds of SHA-1 and SHA-256 for sixteen messages, a word of each in a register, with room beside them for other
// work: `Beside` has cipher<n> and move<n>, called kCipherSlots and kMoveSlots times in each round where the ports have
// room. The order of the instructions was found by trying; see avx512_ordered.h. Internal linkage, see kernel.h.
#pragma once
#include "crypto/avx512_ordered.h"
#include "crypto/sha256_constants.h"

namespace rp::crypto {
namespace {

// words(i) is where word i of the block is in memory, i < 16.
struct Sha1Rounds {
  using V = __m512i;
  static constexpr int kWords = 5, kRounds = 80, kCipherSlots = 2, kMoveSlots = 2;
  alignas(64) static constexpr uint32_t kConstants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  struct Schedule {
    V w[16];
  };

  template <int i, class Words, class Beside>
  static inline __attribute__((always_inline)) void run(V s[5], Schedule& m, const Words& words, Beside& beside) {
    V &a = s[(80 - i) % 5], &b = s[(81 - i) % 5], &c = s[(82 - i) % 5], &d = s[(83 - i) % 5], &e = s[(84 - i) % 5];
    V& x = m.w[i & 15];
    if constexpr (i < 16) x = Ordered::load(words(i));
    if constexpr (i >= 16) Ordered::exclusive(x, m.w[(i - 3) & 15], m.w[(i - 8) & 15]);
    if constexpr (i >= 16) Ordered::exclusive(x, m.w[(i - 14) & 15]);
    if constexpr (i >= 16) x = Ordered::rol<1>(x);
    beside.template move<2 * i + 0>();
    beside.template move<2 * i + 1>();
    const V f = Ordered::logic<(i < 20 ? 0xca : i >= 40 && i < 60 ? 0xe8 : 0x96)>(b, c, d);
    beside.template cipher<2 * i + 0>();
    Ordered::add(e, &kConstants[i / 20]);
    b = Ordered::rol<30>(b);
    const V turned = Ordered::rol<5>(a);
    Ordered::add(e, x);
    beside.template cipher<2 * i + 1>();
    Ordered::add(e, f);
    Ordered::add(e, turned);
    if constexpr (i < 79) run<i + 1>(s, m, words, beside);
  }
};

struct Sha256Rounds {
  using V = __m512i;
  static constexpr int kWords = 8, kRounds = 64, kCipherSlots = 4, kMoveSlots = 2;
  // In memory, so that there are registers for what is beside.
  struct Schedule {
    V w[16];
  };

  template <int i, class Words, class Beside>
  static inline __attribute__((always_inline)) void run(V s[8], Schedule& m, const Words& words, Beside& beside) {
    V &a = s[-i & 7], &b = s[(1 - i) & 7], &c = s[(2 - i) & 7], &d = s[(3 - i) & 7];
    V &e = s[(4 - i) & 7], &f = s[(5 - i) & 7], &g = s[(6 - i) & 7], &h = s[(7 - i) & 7];
    const auto word = [&](int j) -> const V* { return j < 16 ? words(j) : &m.w[j & 15]; };
    constexpr bool kExpands = i >= 16;
    V x, y, y1, y2, y3, z, z1, z2, z3;
    if constexpr (kExpands) y = Ordered::load(word(i - 15));
    if constexpr (kExpands) z = Ordered::load(word(i - 2));
    if constexpr (kExpands) x = Ordered::load(word(i - 16));
    if constexpr (kExpands) y2 = Ordered::ror<18>(y);
    if constexpr (kExpands) y3 = Ordered::shr<3>(y);
    if constexpr (kExpands) y1 = Ordered::ror<7>(y);
    if constexpr (kExpands) Ordered::add(x, word(i - 7));
    Ordered::add(h, &kSha256Rounds[i]);
    if constexpr (kExpands) Ordered::exclusive(y1, y2, y3);
    beside.template cipher<4 * i + 0>();
    const V a2 = Ordered::ror<13>(a);
    const V e2 = Ordered::ror<11>(e);
    const V e3 = Ordered::ror<25>(e);
    V e1 = Ordered::ror<6>(e);
    if constexpr (kExpands) z3 = Ordered::shr<10>(z);
    Ordered::exclusive(e1, e2, e3);
    const V chosen = Ordered::logic<0xca>(e, f, g);
    if constexpr (kExpands) z2 = Ordered::ror<19>(z);
    if constexpr (kExpands) z1 = Ordered::ror<17>(z);
    beside.template cipher<4 * i + 1>();
    beside.template cipher<4 * i + 2>();
    if constexpr (kExpands) Ordered::exclusive(z1, z2, z3);
    beside.template move<2 * i + 0>();
    const V most = Ordered::logic<0xe8>(a, b, c);
    if constexpr (kExpands) Ordered::add(x, y1);
    const V a3 = Ordered::ror<22>(a);
    if constexpr (kExpands) Ordered::add(x, z1);
    if constexpr (kExpands) Ordered::add(h, x);
    if constexpr (!kExpands) Ordered::add(h, words(i));
    beside.template move<2 * i + 1>();
    Ordered::add(h, chosen);
    Ordered::add(h, e1);
    V a1 = Ordered::ror<2>(a);
    if constexpr (kExpands) Ordered::store(&m.w[i & 15], x);
    Ordered::add(d, h);
    Ordered::exclusive(a1, a2, a3);
    beside.template cipher<4 * i + 3>();
    Ordered::add(h, most);
    Ordered::add(h, a1);
    if constexpr (i < 63) run<i + 1>(s, m, words, beside);
  }
};

// One block; `state` is kWords vectors.
template <class Rounds, class Words, class Beside>
inline __attribute__((always_inline)) void hashBlock(__m512i* state, const Words& words, Beside& beside) {
  __m512i s[Rounds::kWords];
  typename Rounds::Schedule w;
#pragma GCC unroll 8
  for (int i = 0; i < Rounds::kWords; i++) s[i] = Ordered::load(state + i);
  Rounds::template run<0>(s, w, words, beside);
#pragma GCC unroll 8
  for (int i = 0; i < Rounds::kWords; i++) {
    Ordered::add(s[i], state + i);
    Ordered::store(state + i, s[i]);
  }
}

}  // namespace
}  // namespace rp::crypto
