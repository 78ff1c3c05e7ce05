#include "crypto/cbc_hmac.h"

#include <algorithm>
#include <cstring>

#include "base/wipe.h"

namespace rp::crypto {
namespace {

constexpr size_t kLanes = kCbcHashLanes;
// With fewer busy lanes the cipher and the hash by themselves are faster.
constexpr size_t kFewest = 6;
constexpr size_t kColumn = 64;

// Sixteen packets side by side; one that ends gives its lane to the next.
template <bool kOpen>
struct CbcHmacLanes {
  alignas(64) uint32_t state[8][kLanes] = {};
  alignas(64) uint8_t idle[kHashedHeader + kColumn] = {};
  // Opening, what a lane decrypts before its text's first column is hashed; the last block becomes the IV.
  alignas(64) uint8_t ahead[kLanes][16 + kColumn] = {};
  uint8_t ivs[kLanes][16] = {};
  CbcHmacJob* jobs[kLanes] = {};
  const void* contexts[kLanes];
  uint8_t *packets[kLanes], *texts[kLanes];
  size_t steps[kLanes], left[kLanes] = {};
  size_t busy = 0;

  void begin(size_t lane, CbcHmacJob& job) {
    jobs[lane] = &job;
    contexts[lane] = job.context;
    packets[lane] = job.packet;
    steps[lane] = kColumn;
    left[lane] = (job.textBytes + (kOpen ? kHashedHeader : 0)) / kColumn;
    if (kOpen) {
      texts[lane] = ahead[lane] + 16;
      std::memcpy(ahead[lane] + kColumn, job.packet + kHashedHeader - 16, 16);
    }
    for (size_t i = 0; i < 8; i++) std::memcpy(&state[i][lane], job.key->inner + 4 * i, 4);
    busy++;
  }
  void end(size_t lane) {
    CbcHmacJob& job = *jobs[lane];
    job.hashed = size_t(packets[lane] - job.packet);
    // Nothing is decrypted before the second column.
    job.crypted = kOpen && job.hashed > 0 ? job.hashed - kColumn : job.hashed;
    std::memcpy(job.iv, kOpen ? ivs[lane] : packets[lane] + kHashedHeader - 16, sizeof job.iv);
    for (size_t i = 0; i < 8; i++) job.state[i] = state[i][lane];
    beIdle(lane);
    busy--;
  }
  void beIdle(size_t lane) {
    jobs[lane] = nullptr;
    packets[lane] = idle;
    texts[lane] = idle + kHashedHeader;
    steps[lane] = 0;
  }

  void run(const CbcHashKernel& kernel, CbcHmacJob* const* queue, size_t count) {
    size_t next = 0;
    for (size_t lane = 0; lane < kLanes; lane++) {
      contexts[lane] = queue[0]->context;
      if (next < count) {
        begin(lane, *queue[next++]);
      } else {
        beIdle(lane);
      }
    }
    while (busy >= kFewest) {
      size_t columns = SIZE_MAX;
      for (size_t lane = 0; lane < kLanes; lane++) {
        if (jobs[lane] != nullptr) columns = std::min(columns, left[lane]);
      }
      if (kOpen) {
        kernel.open(contexts, packets, texts, ivs, steps, columns, state);
      } else {
        kernel.seal(contexts, packets, steps, columns, state);
      }
      for (size_t lane = 0; lane < kLanes; lane++) {
        if (jobs[lane] == nullptr) continue;
        packets[lane] += kColumn * columns;
        left[lane] -= columns;
        texts[lane] = packets[lane] + kHashedHeader - kColumn;
        if (left[lane] > 0) continue;
        end(lane);
        if (next < count) begin(lane, *queue[next++]);
      }
    }
    for (size_t lane = 0; lane < kLanes; lane++) {
      if (jobs[lane] != nullptr) end(lane);
    }
    wipe(state, sizeof state);
  }
};

template <bool kOpen>
void cbcHmacMany(const CbcHashKernel& kernel, CbcHmacJob* jobs, size_t count) {
  constexpr size_t kMost = 64;
  for (; count > kMost; jobs += kMost, count -= kMost) cbcHmacMany<kOpen>(kernel, jobs, kMost);
  CbcHmacJob* queue[kMost];
  for (size_t i = 0; i < count; i++) {
    jobs[i].hashed = jobs[i].crypted = 0;
    queue[i] = jobs + i;
  }
  // The kernel takes keys of one length; and packets of like lengths end together.
  const auto before = [](const CbcHmacJob* a, const CbcHmacJob* b) {
    return a->keyBytes != b->keyBytes ? a->keyBytes < b->keyBytes : a->textBytes > b->textBytes;
  };
  if (!std::is_sorted(queue, queue + count, before)) std::sort(queue, queue + count, before);
  for (size_t first = 0; first < count;) {
    size_t end = first;
    while (end < count && queue[end]->keyBytes == queue[first]->keyBytes) end++;
    if (end - first >= kFewest) CbcHmacLanes<kOpen>().run(kernel, queue + first, end - first);
    first = end;
  }
}

}  // namespace

void cbcHmacSealMany(const CbcHashKernel& kernel, CbcHmacJob* jobs, size_t count) {
  cbcHmacMany<false>(kernel, jobs, count);
}
void cbcHmacOpenMany(const CbcHashKernel& kernel, CbcHmacJob* jobs, size_t count) {
  cbcHmacMany<true>(kernel, jobs, count);
}

}  // namespace rp::crypto
