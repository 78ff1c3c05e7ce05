// A clock of offset and rate over CLOCK_REALTIME, in user space. Its parameters live in a page of shared memory that
// any process may map and read: nobody's clock is set, and everybody can tell this one's time.
//
//   time(real) = real + offsetNs + (fraction / 2^20) + (real - referenceNs) * rate / 2^40
//
// Layout of the page, little-endian, all int64: magic and version, sequence, referenceNs, offsetNs, fraction, rate. A
// writer makes `sequence` odd, writes, and makes it even; a reader takes what it read between two equal even values.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "base/fd.h"

namespace rp::phc {

// Pure: what the page says.
struct OverlayParameters {
  int64_t referenceNs = 0;
  int64_t offsetNs = 0;
  int64_t fraction = 0;  // 2^-20 ns: so that changes of the rate lose nothing
  int64_t rate = 0;      // 2^-40 ns per ns: it runs faster than CLOCK_REALTIME by so much

  int64_t at(int64_t realNs) const { return realNs + offsetNs + split(realNs).first; }
  // The CLOCK_REALTIME at which this clock reads `ns`, within 1 ns.
  int64_t realAt(int64_t ns) const;
  // The same clock, its reference moved to `realNs`, so that the rate can change there.
  OverlayParameters rebased(int64_t realNs) const {
    const auto [whole, rest] = split(realNs);
    return {realNs, offsetNs + whole, rest, rate};
  }

  static constexpr int kRateShift = 40;

 private:
  // What the rate made since the reference: whole ns, and 2^-20 ns. In halves: 128 bits are not everywhere.
  std::pair<int64_t, int64_t> split(int64_t realNs) const {
    constexpr int64_t kMask = (1 << 20) - 1;
    const int64_t d = realNs - referenceNs;
    const int64_t parts = ((d >> 20) & kMask) * rate + ((d & kMask) * rate >> 20) + fraction;
    return {(d >> kRateShift) * rate + (parts >> 20), parts & kMask};
  }
};

class OverlayClock {
 public:
  enum class Access : uint8_t { create, read };
  // `create` makes or takes over the file (what it says is kept, if it is one) and is its only writer: SystemError with
  // EBUSY if another process writes it. An empty path is memory of this process alone.
  OverlayClock(const std::string& path, Access access);
  ~OverlayClock();
  OverlayClock(const OverlayClock&) = delete;
  OverlayClock& operator=(const OverlayClock&) = delete;

  OverlayParameters parameters() const;
  int64_t time() const;
  int64_t at(int64_t realNs) const { return parameters().at(realNs); }
  double frequency() const;  // ppb

  void setTime(int64_t ns);
  void step(int64_t ns);
  void setFrequency(double ppb);

 private:
  struct Page;
  void write(const OverlayParameters& next);
  void requireWriter() const;

  std::string path_;
  Fd fd_;
  Page* page_ = nullptr;
  bool writer_ = false;
};

}  // namespace rp::phc
