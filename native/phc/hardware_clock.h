// A PTP hardware clock: /dev/ptpN and the ioctls of linux/ptp_clock.h.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "phc/posix_clock.h"

namespace rp::phc {

// PTP_CLOCK_GETCAPS
struct Capabilities {
  uint32_t maximumAdjustmentPpb = 0;
  uint32_t alarms = 0;
  uint32_t externalTimestamps = 0;
  uint32_t periodicOutputs = 0;
  uint32_t pins = 0;
  bool pps = false;
  bool crossTimestamping = false;  // PTP_SYS_OFFSET_PRECISE; Linux 4.5
  bool adjustPhase = false;        // Linux 5.8

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("maximumAdjustmentPpb", self.maximumAdjustmentPpb);
    v("alarms", self.alarms);
    v("externalTimestamps", self.externalTimestamps);
    v("periodicOutputs", self.periodicOutputs);
    v("pins", self.pins);
    v("pps", self.pps);
    v("crossTimestamping", self.crossTimestamping);
    v("adjustPhase", self.adjustPhase);
  }
};

// The clock and CLOCK_REALTIME at one instant, ns: systemNs is in the middle of `windowNs`, within which the clock was
// read. What is true lies within +-windowNs/2.
struct ClockComparison {
  int64_t clockNs = 0;
  int64_t systemNs = 0;
  int64_t windowNs = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("clockNs", self.clockNs);
    v("systemNs", self.systemNs);
    v("windowNs", self.windowNs);
  }
};

enum class ComparisonMethod : uint8_t { best, precise, extended, basic };

// struct ptp_pin_desc; `function` is one of PTP_PF_*.
struct Pin {
  uint32_t index = 0;
  std::string name;
  uint32_t function = 0;
  uint32_t channel = 0;
};

// An edge that an external timestamp channel saw.
struct ExternalTimestamp {
  uint32_t channel = 0;
  int64_t timeNs = 0;
};

// PTP_PEROUT_REQUEST2
struct PeriodicOutput {
  uint32_t channel = 0;
  int64_t periodNs = 0;            // 0 ends it
  std::optional<int64_t> startNs;  // the clock's time of the first edge
  std::optional<int64_t> phaseNs;  // instead of startNs: edges at multiples of the period, and this; Linux 5.9
  std::optional<int64_t> onNs;     // how long it is high; Linux 5.9
};

enum class Edge : uint8_t { none, rising, falling, both };

class HardwareClock {
 public:
  explicit HardwareClock(const std::string& path);

  int fd() const { return fd_.get(); }
  const PosixClock& clock() const { return clock_; }
  Capabilities capabilities() const;

  // The comparison with the smallest window of `samples` (1..25). `best` takes the first method that the driver has.
  ClockComparison compare(ComparisonMethod method, uint32_t samples) const;

  std::vector<Pin> pins() const;
  void setPin(uint32_t index, uint32_t function, uint32_t channel) const;
  // Edge::none ends it. Edges come out of `readExternalTimestamps`.
  void requestExternalTimestamps(uint32_t channel, Edge edge) const;
  // Those that wait, without waiting for more.
  std::vector<ExternalTimestamp> readExternalTimestamps() const;
  void setPeriodicOutput(const PeriodicOutput& output) const;
  // PTP_ENABLE_PPS: the kernel's PPS subsystem gets an event each second.
  void enablePps(bool on) const;

 private:
  std::optional<ClockComparison> precise() const;
  std::optional<ClockComparison> extended(uint32_t samples) const;
  ClockComparison basic(uint32_t samples) const;

  std::string path_;
  Fd fd_;
  PosixClock clock_;
};

// The smallest window of `times`, each system, clock, system (PTP_SYS_OFFSET_EXTENDED). Pure.
ClockComparison narrowest(std::span<const int64_t> times);

}  // namespace rp::phc
