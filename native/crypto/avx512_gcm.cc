// AES-GCM with four blocks to a register.
#include "crypto/avx512.h"
#include "crypto/avx512_gcm_four.h"
#include "crypto/avx512_gcm_stream.h"
#include "crypto/avx512_gmac.h"

namespace rp::crypto {
namespace {

// Any aad, any length: in parts of up to kCounters blocks.
template <class Product, int kRounds, bool kOpen>
void message(const GcmContext& gcm, const AeadText& m, uint8_t tag[16]) {
  if (m.textBytes == 0) return gmac<Product>(gcm, m, tag);
  Segment g;
  g.y = _mm_setzero_si128();
  g.table = gcm.all();
  const uint8_t* aad = m.aad;
  size_t left = m.aadBytes;
  for (; left > 16; aad += 16, left -= 16) {
    g.y = ghashMultiply(_mm_xor_si128(g.y, reverseBytes(loadBlock(aad))), gcm.powers[kPowers - 1]);
  }
  g.y = _mm_xor_si128(g.y, reverseBytes(loadMasked(aad, left)));
  g.lengths = _mm_set_epi64x(int64_t(m.aadBytes * 8), int64_t(m.textBytes * 8));
  const __m128i nonce = loadMasked(m.nonce, 12);

  // The place of the aad counts as data; nothing of it is touched.
  g.base = reinterpret_cast<uint8_t*>(reinterpret_cast<uintptr_t>(m.text) - 16);
  g.first = true;
  uint32_t count = 1;
  __m128i mask, keystream;
  for (size_t bytes = m.textBytes + 16;;) {
    const size_t blocks = (bytes + 15) / 16;
    const size_t room = kCounters - count % kCounters;
    g.last = blocks + 1 <= room;
    g.bytes = g.last || blocks <= room ? bytes : 16 * room;
    g.blocks = unsigned((g.bytes + 15) / 16 + g.last);
    g.counter = _mm_insert_epi32(nonce, int(__builtin_bswap32(count)), 3);
    g.y = run<Product, kRounds, kOpen, false>(gcm, g, keystream);
    if (g.first) mask = keystream;
    if (g.last) break;
    count += g.blocks;
    g.base += g.bytes;
    bytes -= g.bytes;
    g.first = false;
  }
  storeBlock(tag, _mm_xor_si128(reverseBytes(g.y), mask));
}

// Longer than kCounters blocks.
template <class Product, int kRounds, bool kOpen>
__attribute__((noinline)) void longPacket(AeadJob& j) {
  const GcmPacket p(j);
  uint8_t aad[16], tag[16];
  storeBlock(aad, reverseBytes(p.aad));
  AeadText m = {aad, 8 + 4 * size_t(j.esn), {}, j.packet + kAeadJobHeader, j.textBytes};
  __builtin_memcpy(m.nonce, &j.salt, 4);
  __builtin_memcpy(m.nonce + 4, j.packet + 8, 8);
  message<Product, kRounds, kOpen>(*p.gcm, m, tag);
  if (kOpen) {
    j.ok = checkTag(j, loadBlock(tag));
  } else {
    storeTag(j, loadBlock(tag));
  }
}

template <class Product, int kRounds, bool kOpen>
__attribute__((noinline)) void packet(AeadJob& j, bool manyKeys) {
  const GcmPacket p(j);
  if (p.blocks >= kCounters) return longPacket<Product, kRounds, kOpen>(j);
  const Segment g = {
      p.base, p.bytes, p.blocks, p.counter, p.aad, true, true, p.lengths, manyKeys ? p.gcm->near() : p.gcm->all()};
  __m128i mask;
  const __m128i tag = run<Product, kRounds, kOpen, true>(*p.gcm, g, mask);
  const __m128i masked = _mm_xor_si128(reverseBytes(tag), mask);
  if (kOpen) {
    j.ok = checkTag(j, masked);
  } else {
    storeTag(j, masked);
  }
}

inline uint32_t roundsOf(const AeadJob& j) { return static_cast<const GcmContext*>(j.context)->aes.count; }
inline bool isShort(const AeadJob& j) { return j.textBytes + kAeadJobHeader <= kShortBytes; }

template <class Product, int kRounds, bool kOpen, bool kOneKey>
__attribute__((noinline)) void four(AeadJob* jobs) {
  fourPackets<Product, kRounds, kOpen, kOneKey>(jobs);
}

// As many as there are of `kRounds` in the front of the jobs; returns how many those are.
template <class Product, int kRounds, bool kOpen>
size_t packets(AeadJob* jobs, size_t count, bool manyKeys) {
  size_t at = 0;
  while (at < count && roundsOf(jobs[at]) == kRounds) {
    AeadJob* const j = jobs + at;
    if (count - at >= 4 && isShort(j[0]) && isShort(j[1]) && isShort(j[2]) && isShort(j[3])) {
      const void* const one = j[0].context;
      if (one == j[1].context && one == j[2].context && one == j[3].context) {
        four<Product, kRounds, kOpen, true>(j);
        at += 4;
        continue;
      }
      if (roundsOf(j[1]) == kRounds && roundsOf(j[2]) == kRounds && roundsOf(j[3]) == kRounds) {
        four<Product, kRounds, kOpen, false>(j);
        at += 4;
        continue;
      }
    }
    if (manyKeys && at + 1 < count) static_cast<const GcmContext*>(j[1].context)->prefetch();
    packet<Product, kRounds, kOpen>(*j, manyKeys);
    at++;
  }
  return at;
}

template <class Product, bool kOpen>
void one(const void* context, const AeadText& m, uint8_t tag[16]) {
  const auto& gcm = *static_cast<const GcmContext*>(context);
  withRounds(gcm.aes.count, [&](auto rounds) { message<Product, decltype(rounds)::value, kOpen>(gcm, m, tag); });
}
template <class Product, bool kOpen>
void many(AeadJob* jobs, size_t count) {
  // Long packets of so many SAs are likely of thousands, whose powers no cache has: a bit for each of them, more or less.
  constexpr int kFew = 20;
  uint64_t keys = 0;
  for (size_t i = 0; i < count; i++) {
    if (isShort(jobs[i])) continue;
    keys |= uint64_t(1) << (reinterpret_cast<uintptr_t>(jobs[i].context) * 0x9e3779b97f4a7c15 >> 58);
  }
  const bool manyKeys = __builtin_popcountll(keys) > kFew;
  while (count > 0) {
    withRounds(roundsOf(jobs[0]), [&](auto rounds) {
      const size_t done = packets<Product, decltype(rounds)::value, kOpen>(jobs, count, manyKeys);
      jobs += done;
      count -= done;
    });
  }
}

template <class Product>
constexpr AeadKernel kernel() {
  return {sizeof(GcmContext),   expandGcm,          one<Product, false>, one<Product, true>,
          many<Product, false>, many<Product, true>};
}

}  // namespace

const AeadKernel kAvx512GcmKaratsuba = kernel<Karatsuba>();
const AeadKernel kAvx512GcmSchoolbook = kernel<Schoolbook>();

}  // namespace rp::crypto
