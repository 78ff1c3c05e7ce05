#include "crypto/hmac.h"

#include "base/bytes.h"
#include "base/wipe.h"

namespace rp::crypto {
namespace {

// Pads the last `bytes` (less than a block and 16), `total` bytes being hashed in all; returns the blocks.
size_t pad(const HashKernel& hash, uint8_t* tail, size_t bytes, uint64_t total) {
  const size_t block = hash.blockBytes, lengthBytes = 2 * size_t(hash.wordBytes);
  tail[bytes++] = 0x80;
  const size_t end = (bytes + lengthBytes + block - 1) / block * block;
  std::memset(tail + bytes, 0, end - bytes);
  if (hash.littleEndian) {
    store(tail + end - 8, total * 8);
  } else {
    storeBe64(tail + end - 8, total * 8);
  }
  return end / block;
}

constexpr size_t kShortBlock = 64;
// The same for blocks of 64 bytes, with stores of known lengths: writes up to 80 bytes behind the end.
size_t padShort(const HashKernel& hash, uint8_t* tail, size_t bytes, uint64_t total) {
  tail[bytes] = 0x80;
  std::memset(tail + bytes + 1, 0, 80);
  const size_t blocks = 1 + (bytes + 1 + 8 > kShortBlock);
  uint8_t* const length = tail + kShortBlock * blocks - 8;
  if (hash.littleEndian) {
    store(length, total * 8);
  } else {
    storeBe64(length, total * 8);
  }
  return blocks;
}

void finish(const HashKernel& hash, void* state, uint8_t* tail, size_t bytes, uint64_t total) {
  hash.compress(state, tail, pad(hash, tail, bytes, total));
}

void digestOf(const HashKernel& hash, const void* state, uint8_t* digest) {
  for (size_t i = 0; i < hash.digestBytes; i += hash.wordBytes) {
    const auto* word = static_cast<const uint8_t*>(state) + i;
    if (hash.littleEndian) {
      store(digest + i, load<uint32_t>(word));
    } else if (hash.wordBytes == 4) {
      storeBe32(digest + i, load<uint32_t>(word));
    } else {
      storeBe64(digest + i, load<uint64_t>(word));
    }
  }
}

constexpr size_t kMaximumBlock = 128;

const void* startOf(const HmacJob& job) { return job.state != nullptr ? job.state : job.key->inner; }
// Of all that is hashed under the inner key.
uint64_t totalOf(const HmacJob& job) { return job.key->hash->blockBytes + job.before + job.bytes + job.suffixBytes; }

}  // namespace

void expandHmac(HmacKey& key, const HashKernel& hash, const uint8_t* bytes, size_t keyBytes) {
  key.hash = &hash;
  uint8_t padded[kMaximumBlock] = {};
  alignas(64) uint8_t state[64];
  if (keyBytes > hash.blockBytes) {
    uint8_t tail[3 * kMaximumBlock];
    const size_t blocks = keyBytes / hash.blockBytes, whole = blocks * hash.blockBytes;
    std::memcpy(state, hash.initial, hash.stateBytes);
    hash.compress(state, bytes, blocks);
    std::memcpy(tail, bytes + whole, keyBytes - whole);
    finish(hash, state, tail, keyBytes - whole, keyBytes);
    digestOf(hash, state, padded);
    wipe(tail, sizeof tail);
  } else {
    std::memcpy(padded, bytes, keyBytes);
  }
  for (auto& b : padded) b ^= 0x36;
  std::memcpy(key.inner, hash.initial, hash.stateBytes);
  hash.compress(key.inner, padded, 1);
  for (auto& b : padded) b ^= 0x36 ^ 0x5c;
  std::memcpy(key.outer, hash.initial, hash.stateBytes);
  hash.compress(key.outer, padded, 1);
  wipe(padded, sizeof padded);
  wipe(state, sizeof state);
}

void hmac(const HmacKey& key, const uint8_t* data, size_t bytes, const uint8_t* suffix, size_t suffixBytes,
          uint8_t* digest) {
  HmacJob job = {&key, data, bytes, {}, suffixBytes, digest};
  if (suffixBytes > 0) std::memcpy(job.suffix, suffix, suffixBytes);
  hmac(job);
}

void hmac(const HmacJob& job) {
  const HashKernel& hash = *job.key->hash;
  alignas(64) uint8_t state[64];
  uint8_t tail[3 * kMaximumBlock];
  std::memcpy(state, startOf(job), hash.stateBytes);
  const size_t blocks = job.bytes / hash.blockBytes, whole = blocks * hash.blockBytes;
  if (blocks > 0) hash.compress(state, job.data, blocks);
  std::memcpy(tail, job.data + whole, job.bytes - whole);
  std::memcpy(tail + (job.bytes - whole), job.suffix, job.suffixBytes);
  finish(hash, state, tail, job.bytes - whole + job.suffixBytes, totalOf(job));

  digestOf(hash, state, tail);
  std::memcpy(state, job.key->outer, hash.stateBytes);
  finish(hash, state, tail, hash.digestBytes, size_t(hash.blockBytes) + hash.digestBytes);
  digestOf(hash, state, job.digest);
}

namespace {

// One of the messages that are hashed side by side.
struct Lane {
  const HmacJob* job = nullptr;
  const uint8_t* at = nullptr;
  size_t blocks = 0;
  enum { text, tail, outer } phase = text;
  uint8_t last[4 * kMaximumBlock];
};

template <class Word, size_t kLanes>
struct Lanes {
  const HashKernel& hash;
  alignas(64) Word state[8 * kLanes] = {};
  Lane lanes[kLanes];
  // Messages whose whole blocks are hashed, and the states of those that were in lanes: they end together.
  HmacEnd ends[kLanes];
  alignas(64) uint8_t inner[kLanes][64];
  size_t ended = 0;

  explicit Lanes(const HashKernel& h) : hash(h) {}

  void setState(size_t i, const uint8_t* words) {
    for (size_t w = 0; w * sizeof(Word) < hash.stateBytes; w++) {
      state[w * kLanes + i] = load<Word>(words + w * sizeof(Word));
    }
  }
  void digestOf(size_t i, uint8_t* digest) const {
    for (size_t w = 0; w * sizeof(Word) < hash.digestBytes; w++) {
      const Word word = state[w * kLanes + i];
      if (hash.littleEndian) {
        store(digest + w * sizeof(Word), word);
      } else if constexpr (sizeof(Word) == 4) {
        storeBe32(digest + 4 * w, word);
      } else {
        storeBe64(digest + 8 * w, word);
      }
    }
  }

  void finish() {
    if (ended > 0) hash.many.finish(ends, ended);
    ended = 0;
  }
  void end(const HmacJob& job, const void* from) {
    HmacEnd& e = ends[ended++];
    const size_t rest = job.bytes % hash.blockBytes;
    e = {from, job.key->outer, job.data + (job.bytes - rest), rest, totalOf(job), {}, job.suffixBytes, job.digest};
    std::memcpy(e.suffix, job.suffix, sizeof e.suffix);
    if (ended == kLanes) finish();
  }
  // The next message that has a whole block, into lane i; the others are at their end already.
  void take(size_t i, const HmacJob*& next, const HmacJob* last) {
    while (next < last) {
      const HmacJob& job = *next++;
      if (hash.many.finish == nullptr || job.bytes >= hash.blockBytes) return begin(i, job);
      end(job, startOf(job));
    }
  }
  void begin(size_t i, const HmacJob& job) {
    Lane& lane = lanes[i];
    lane.job = &job;
    lane.at = job.data;
    lane.blocks = job.bytes / hash.blockBytes;
    lane.phase = Lane::text;
    setState(i, static_cast<const uint8_t*>(startOf(job)));
    if (lane.blocks == 0) turn(i);
  }
  // The lane has done what it was at. False: its digest is written and it is free.
  bool turn(size_t i) {
    Lane& lane = lanes[i];
    const HmacJob& job = *lane.job;
    if (hash.many.finish != nullptr) {
      uint8_t* const to = inner[ended];
      for (size_t w = 0; w * sizeof(Word) < hash.stateBytes; w++) store(to + w * sizeof(Word), state[w * kLanes + i]);
      lane.job = nullptr;
      end(job, to);
      return false;
    }
    if (lane.phase == Lane::text) {
      const size_t rest = job.bytes % hash.blockBytes;
      const uint8_t* const end = job.data + job.bytes;
      uint8_t* tail = lane.last;
      if (hash.blockBytes == kShortBlock && job.bytes + job.before >= kShortBlock) {
        // The block that ends here, put where its last part begins the tail: copies of a length that is known.
        tail += kShortBlock;
        std::memcpy(lane.last + rest, end - kShortBlock, kShortBlock);
        std::memcpy(tail + rest, job.suffix, sizeof job.suffix);
        lane.blocks = padShort(hash, tail, rest + job.suffixBytes, totalOf(job));
      } else {
        std::memcpy(tail, end - rest, rest);
        std::memcpy(tail + rest, job.suffix, job.suffixBytes);
        lane.blocks = pad(hash, tail, rest + job.suffixBytes, totalOf(job));
      }
      lane.at = tail;
      lane.phase = Lane::tail;
      return true;
    }
    if (lane.phase == Lane::tail) {
      digestOf(i, lane.last);
      lane.at = lane.last;
      const size_t total = size_t(hash.blockBytes) + hash.digestBytes;
      lane.blocks = (hash.blockBytes == kShortBlock ? padShort : pad)(hash, lane.last, hash.digestBytes, total);
      setState(i, job.key->outer);
      lane.phase = Lane::outer;
      return true;
    }
    digestOf(i, job.digest);
    lane.job = nullptr;
    return false;
  }

  void run(const HmacJob* jobs, size_t count) {
    const HmacJob *next = jobs, *const last = jobs + count;
    for (size_t i = 0; i < kLanes; i++) take(i, next, last);
    for (;;) {
      // As many blocks as every busy lane has; the idle ones read along with one of them.
      const Lane* shortest = nullptr;
      for (const Lane& lane : lanes) {
        if (lane.job != nullptr && (shortest == nullptr || lane.blocks < shortest->blocks)) shortest = &lane;
      }
      if (shortest == nullptr) break;
      const size_t blocks = shortest->blocks;
      const uint8_t* data[kLanes];
      for (size_t i = 0; i < kLanes; i++) data[i] = lanes[i].job != nullptr ? lanes[i].at : shortest->at;
      hash.many.compress(state, data, blocks);
      for (size_t i = 0; i < kLanes; i++) {
        Lane& lane = lanes[i];
        if (lane.job == nullptr) continue;
        lane.at += hash.blockBytes * blocks;
        lane.blocks -= blocks;
        if (lane.blocks == 0 && !turn(i)) take(i, next, last);
      }
    }
    finish();
    wipe(state, sizeof state);
    wipe(inner, sizeof inner);
  }
};

}  // namespace

void hmacMany(const HmacJob* jobs, size_t count) {
  if (count == 0) return;
  const HashKernel& hash = *jobs[0].key->hash;
  // With fewer than a quarter of the lanes busy one message after the other is faster.
  if (hash.many.lanes == 0 || count < 2 || 4 * count < hash.many.lanes) {
    for (size_t i = 0; i < count; i++) hmac(jobs[i]);
  } else if (hash.wordBytes == 4) {
    if (hash.many.lanes == 16) return Lanes<uint32_t, 16>(hash).run(jobs, count);
    if (hash.many.lanes == 8) return Lanes<uint32_t, 8>(hash).run(jobs, count);
    Lanes<uint32_t, 2>(hash).run(jobs, count);
  } else {
    if (hash.many.lanes == 8) return Lanes<uint64_t, 8>(hash).run(jobs, count);
    Lanes<uint64_t, 4>(hash).run(jobs, count);
  }
}

}  // namespace rp::crypto
