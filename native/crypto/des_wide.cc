// DES and 3DES with GFNI and VBMI: an S-box is one lookup in a register of 64 bytes, the linear maps between two rounds
// are bit matrices of 8 x 8; in constant time.
#include "crypto/des.h"
#include "crypto/des_tables.h"
#include "crypto/lanes512.h"
#include "crypto/portable.h"
#include "crypto/wide_ciphers.h"

namespace rp::crypto {
namespace {

// The halves are kept as the S-boxes put them out, before P: in each of four bytes the results of two S-boxes. These
// pairs have the fewest matrices that are not zero.
constexpr int kPair[4][2] = {{0, 1}, {2, 7}, {3, 5}, {4, 6}};

struct Place {
  int byte, bit;
};
// Where the bit that P puts at `bit` (from 0, the most significant) of a half is.
constexpr Place placeOf(int bit) {
  const int box = (kDesP[bit] - 1) / 4, out = (kDesP[bit] - 1) % 4;
  for (int m = 0; m < 4; m++) {
    if (kPair[m][0] == box) return {m, 7 - out};
    if (kPair[m][1] == box) return {m, 3 - out};
  }
  return {};
}
// The bit of a matrix that adds bit `in` of the argument to bit `out` of the result, as GF2P8AFFINEQB counts.
constexpr uint64_t entry(int out, int in) { return uint64_t(1) << (8 * (7 - out) + in); }

struct Matrices {
  uint64_t six[8][4];   // expansion of P of a half: the six bits for each S-box from each byte
  uint64_t into[4][4];  // a half, in FIPS 46's order, into ours
  uint64_t back[4][4];
};
constexpr Matrices kMatrix = [] {
  Matrices m{};
  for (int box = 0; box < 8; box++) {
    for (int i = 0; i < 6; i++) {
      const Place p = placeOf((4 * box - 1 + i + 32) % 32);
      m.six[box][p.byte] |= entry(5 - i, p.bit);
    }
  }
  for (int bit = 0; bit < 32; bit++) {
    const Place p = placeOf(bit);
    m.into[p.byte][bit / 8] |= entry(p.bit, 7 - bit % 8);
    m.back[bit / 8][p.byte] |= entry(7 - bit % 8, p.bit);
  }
  return m;
}();

struct SBoxes {
  alignas(64) uint8_t table[8][64];
};
constexpr SBoxes kBoxes = [] {
  SBoxes b{};
  for (int m = 0; m < 4; m++) {
    for (int k = 0; k < 2; k++) {
      const int box = kPair[m][k];
      for (unsigned i = 0; i < 64; i++) b.table[box][i] = uint8_t(desS(box, i) << (k == 0 ? 4 : 0));
    }
  }
  return b;
}();

inline V times(V x, uint64_t m) { return _mm512_gf2p8affine_epi64_epi8(x, matrix(m), 0); }

struct Des {
  static constexpr size_t kBlock = 8;
  using Context = DesKey;
  static const CipherKernel& few() { return kPortableDesCbc; }

  struct Schedule {
    KeyBytes<48 * 8> keys;
    uint32_t rounds;

    inline bool prepare(const Context* const contexts[kLanes], bool decrypt) {
      const uint8_t* schedules[kLanes];
      rounds = contexts[0]->rounds;
      for (size_t i = 0; i < kLanes; i++) {
        if (contexts[i]->rounds != rounds) return false;
        schedules[i] = decrypt ? contexts[i]->decrypt[0] : contexts[i]->encrypt[0];
      }
      keys.set(schedules, true);
      return true;
    }
    inline void wipe() { keys.wipe(); }
  };

  template <int kBox>
  static inline V sbox(const V r[4], V key) {
    constexpr const uint64_t* m = kMatrix.six[kBox];
    V x = key;
    if constexpr (m[0] != 0 && m[1] != 0) {
      x = xor3(x, times(r[0], m[0]), times(r[1], m[1]));
    } else {
      x = xor2(x, m[0] != 0 ? times(r[0], m[0]) : times(r[1], m[1]));
    }
    if constexpr (m[2] != 0 && m[3] != 0) {
      x = xor3(x, times(r[2], m[2]), times(r[3], m[3]));
    } else {
      x = xor2(x, m[2] != 0 ? times(r[2], m[2]) : times(r[3], m[3]));
    }
    return _mm512_permutexvar_epi8(x, _mm512_load_si512(kBoxes.table[kBox]));
  }
  // l ^= f(r)
  template <bool kShared>
  static inline void round(const Schedule& s, size_t k, const V r[4], V l[4]) {
    const auto key = [&](int box) { return s.keys.template at<kShared>(k + size_t(box)); };
    static_assert(kPair[0][0] == 0 && kPair[1][1] == 7 && kPair[2][1] == 5 && kPair[3][1] == 6, "as below");
    l[0] = xorOr(l[0], sbox<0>(r, key(0)), sbox<1>(r, key(1)));
    l[1] = xorOr(l[1], sbox<2>(r, key(2)), sbox<7>(r, key(7)));
    l[2] = xorOr(l[2], sbox<3>(r, key(3)), sbox<5>(r, key(5)));
    l[3] = xorOr(l[3], sbox<4>(r, key(4)), sbox<6>(r, key(6)));
  }

  static inline void change(const uint64_t m[4][4], const V in[4], V out[4]) {
    for (int i = 0; i < 4; i++) {
      // One term after the other: the sum of two sums came out wrong from clang 19 at -O1 with UBSan's checks of
      // pointers.
      V sum = times(in[0], m[i][0]);
      for (int j = 1; j < 4; j++) sum = xor2(sum, times(in[j], m[i][j]));
      out[i] = sum;
    }
  }

  template <bool kShared>
  static inline void run(const Schedule& s, uint8_t* blocks) {
    V x[8], a[4], b[4];
    // The initial permutation exchanges rows and columns of a block's eight bytes and sorts the rows, L first. The
    // instruction gives column j of a qword's bytes, the last byte first, for a 1 at bit j.
    const V reversed = _mm512_set_epi64(0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607,
                                        0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607);
    const V columns = matrix(0x0208208001041040);
    for (int i = 0; i < 8; i++) {
      const V block = _mm512_shuffle_epi8(loadV(blocks + 64 * i), reversed);
      x[i] = transposeBytes8(_mm512_gf2p8affine_epi64_epi8(columns, block, 0));
    }
    transposeWords8(x);
    change(kMatrix.into, x, a);
    change(kMatrix.into, x + 4, b);
    for (size_t first = 0; first < s.rounds; first += 16) {
      for (size_t k = first; k < first + 16; k += 2) {
        round<kShared>(s, 8 * k, b, a);
        round<kShared>(s, 8 * k + 8, a, b);
      }
      for (int i = 0; i < 4; i++) {
        const V t = a[i];
        a[i] = b[i];
        b[i] = t;
      }
    }
    change(kMatrix.back, a, x);
    change(kMatrix.back, b, x + 4);
    transposeWords8(x);
    const V order = _mm512_set_epi64(0x0b0f0a0e090d080c, 0x0307020601050004, 0x0b0f0a0e090d080c, 0x0307020601050004,
                                     0x0b0f0a0e090d080c, 0x0307020601050004, 0x0b0f0a0e090d080c, 0x0307020601050004);
    for (int i = 0; i < 8; i++) {
      const V rows = _mm512_shuffle_epi8(transposeBytes8(x[i]), order);
      storeV(blocks + 64 * i, _mm512_gf2p8affine_epi64_epi8(matrix(0x8040201008040201), rows, 0));
    }
  }
  static void crypt(const Schedule& s, uint8_t* blocks) {
    s.keys.shared ? run<true>(s, blocks) : run<false>(s, blocks);
  }
};

using Modes = Lanes512<Des, 6>;

void encrypt(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes) {
  kPortableDesCbc.encrypt(context, iv, text, bytes);
}

}  // namespace

const CipherKernel kWideDesCbc = {sizeof(DesKey), desExpand,          encrypt,
                                  Modes::decrypt, Modes::encryptMany, Modes::decryptMany};

}  // namespace rp::crypto
