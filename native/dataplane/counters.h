// Counters in one page that another thread reads without a call: one writer per value.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rp::dataplane {

// The 26 of `/ip ipsec statistics`, then what the packet thread moved.
enum class Counter : uint8_t {
  kInErrors,
  kInBufferErrors,
  kInHeaderErrors,
  kInNoStates,
  kInStateProtocolErrors,
  kInStateModeErrors,
  kInStateSequenceErrors,
  kInStateExpired,
  kInStateMismatches,
  kInStateInvalid,
  kInTemplateMismatches,
  kInNoPolicies,
  kInPolicyBlocked,
  kInPolicyErrors,
  kOutErrors,
  kOutBundleErrors,
  kOutBundleCheckErrors,
  kOutNoStates,
  kOutStateProtocolErrors,
  kOutStateModeErrors,
  kOutStateSequenceErrors,
  kOutStateExpired,
  kOutPolicyBlocked,
  kOutPolicyDead,
  kOutPolicyErrors,
  kOutStateInvalid,
  kPlainInPackets,  // read from the device, segments of super-packets counted one by one
  kPlainInBytes,
  kPlainOutPackets,  // written to the device
  kPlainOutBytes,
  kCipherInPackets,  // ESP packets received
  kCipherInBytes,
  kCipherOutPackets,
  kCipherOutBytes,
  kPassedPackets,  // caught by a rule that is wider than its policy, or level use without an SA: sent on in the clear
  kKeepalives,     // RFC 3948 2.3
  kDummies,        // RFC 4303 2.6
  kIkeReceived,
  kIkeOverflows,  // IKE datagrams dropped because the reader was behind
  kDeviceReads,   // system calls, to see how well packets batch
  kDeviceWrites,
  kSocketReads,
  kSocketWrites,
  kXdpInPackets,  // of the cipher side, past the kernel
  kXdpOutPackets,
  kCount
};
inline constexpr size_t kCounters = static_cast<size_t>(Counter::kCount);
inline constexpr size_t kIpsecStatistics = static_cast<size_t>(Counter::kPlainInPackets);

// The properties of IpsecStatistics and ThreadStatistics (lib/dataplane), in the order of the enum.
extern const std::array<const char*, kCounters> kCounterNames;

class alignas(64) Counters {
 public:
  // Only one packet thread adds; readers see whole values, each on its own.
  uint64_t add(Counter counter, uint64_t n = 1) {
    auto& value = values_[static_cast<size_t>(counter)];
    const uint64_t sum = value.load(std::memory_order_relaxed) + n;
    value.store(sum, std::memory_order_relaxed);
    return sum;
  }
  uint64_t get(Counter counter) const { return values_[static_cast<size_t>(counter)].load(std::memory_order_relaxed); }
  void* data() { return values_.data(); }

 private:
  std::array<std::atomic<uint64_t>, kCounters> values_{};
  static_assert(sizeof(std::atomic<uint64_t>) == 8);
};

// Those of all packet threads, one after the other in memory.
class CounterPages {
 public:
  explicit CounterPages(size_t threads) : pages_(threads) {}

  Counters& operator[](size_t thread) { return pages_[thread]; }
  uint64_t total(Counter counter) const {
    uint64_t sum = 0;
    for (const Counters& page : pages_) sum += page.get(counter);
    return sum;
  }
  void* data() { return pages_.data(); }
  size_t bytes() const { return pages_.size() * sizeof(Counters); }

 private:
  std::vector<Counters> pages_;
};

}  // namespace rp::dataplane
