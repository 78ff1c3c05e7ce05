// One SA in the hands of several threads: no sequence number is used twice, none is accepted twice.
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "esp/outbound_sa.h"
#include "esp/replay_window.h"
#include "test/check.h"

using namespace rp;
using namespace rp::esp;

namespace {

constexpr uint32_t kThreads = 4;

template <class Body>
void together(Body body) {
  std::vector<std::jthread> threads;
  for (uint32_t i = 0; i < kThreads; i++) threads.emplace_back([&body, i] { body(i); });
}

void sequencesAreTakenOnce() {
  constexpr uint32_t kTakes = 20000, kMost = 32;
  const std::vector<uint8_t> key(20);
  SaParameters p;
  p.spi = 256;
  p.src = p.dst = Address::parse("192.0.2.1", "src");
  p.suite.encryption = crypto::Encryption::aesGcm;
  p.suite.encryptionKey = key;
  OutboundSa sa(p);
  const size_t all = size_t{kThreads} * kTakes * kMost + 1;
  const auto used = std::make_unique<std::atomic<uint8_t>[]>(all);
  std::atomic<uint64_t> twice{0};
  together([&](uint32_t thread) {
    for (uint32_t i = 0; i < kTakes; i++) {
      uint64_t first;
      const uint32_t n = sa.take(1 + (i * 7 + thread) % kMost, first), kept = n - i % 3 % n;
      for (uint64_t k = first; k < first + kept; k++) twice += used[k].exchange(1);
      if (kept < n) sa.giveBack(first + kept, n - kept);
    }
  });
  CHECK(twice == 0);
  CHECK(sa.sequence() < all);
}

void lastSequencesAreTakenOnce() {
  const std::vector<uint8_t> key(20);
  SaParameters p;
  p.spi = 256;
  p.src = p.dst = Address::parse("192.0.2.1", "src");
  p.sequence = 0xffffffff - 10000;
  p.suite.encryption = crypto::Encryption::aesGcm;
  p.suite.encryptionKey = key;
  OutboundSa sa(p);
  std::atomic<uint64_t> taken{0};
  together([&](uint32_t) {
    uint64_t first;
    while (const uint32_t n = sa.take(7, first)) taken += n;
  });
  CHECK(taken == 10000);
  CHECK(sa.exhausted());
}

void sequencesAreAcceptedOnce(uint32_t size, uint64_t from) {
  constexpr uint64_t kNumbers = 200000;
  ReplayWindow window(size, true, from);
  const auto accepted = std::make_unique<std::atomic<uint32_t>[]>(kNumbers);
  std::atomic<uint64_t> next{0};
  // Every thread offers every number near the others' own: most of them are late for somebody else's.
  together([&](uint32_t thread) {
    for (uint64_t n = next; n < kNumbers; n = next) {
      for (uint64_t k = n; k < n + 8 && k < kNumbers; k++) {
        if (window.accept(from + 1 + k) == Status::ok) ++accepted[k];
        const uint64_t old = k - k % (thread + 2);
        if (window.accept(from + 1 + old) == Status::ok) ++accepted[old];
      }
      next.compare_exchange_strong(n, n + 3);
    }
  });
  uint64_t once = 0, more = 0;
  for (uint64_t k = 0; k < kNumbers; k++) {
    once += accepted[k] == 1;
    more += accepted[k] > 1;
  }
  CHECK(more == 0);
  CHECK(once > kNumbers / 2);
  CHECK(window.highest() == from + kNumbers);
}

}  // namespace

int main() {
  sequencesAreTakenOnce();
  lastSequencesAreTakenOnce();
  sequencesAreAcceptedOnce(32, 0);
  sequencesAreAcceptedOnce(128, 0xfffffff0);
  sequencesAreAcceptedOnce(4096, 0x1fffffff0);
  return rp::test::checkFailures();
}
