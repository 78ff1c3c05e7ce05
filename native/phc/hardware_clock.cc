#include "phc/hardware_clock.h"

#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "phc/time.h"

namespace rp::phc {
namespace {

// How the kernel makes a clockid_t of a descriptor (FD_TO_CLOCKID of the kernel's documentation).
clockid_t clockIdOf(int fd) { return (~static_cast<clockid_t>(fd) << 3) | 3; }

Fd openClock(const std::string& path) {
  // Reading is enough to read it; to adjust it, it has to be open for writing.
  Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!fd && (errno == EACCES || errno == EROFS)) fd = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) throw SystemError(errno, "open", path);
  return fd;
}

// The kernel says ENOTTY for an ioctl that it does not know, EOPNOTSUPP for one that the driver does not have.
bool absent(int error) { return error == ENOTTY || error == EOPNOTSUPP || error == EINVAL; }

uint32_t channels(int count) { return count > 0 ? static_cast<uint32_t>(count) : 0; }

}  // namespace

HardwareClock::HardwareClock(const std::string& path)
    : path_(path), fd_(openClock(path)), clock_(clockIdOf(fd_.get()), path) {
  capabilities();  // what is no PTP clock says so now
}

Capabilities HardwareClock::capabilities() const {
  ptp_clock_caps c{};
  if (::ioctl(fd(), PTP_CLOCK_GETCAPS, &c) < 0) throw SystemError(errno, "PTP_CLOCK_GETCAPS", path_);
  return {channels(c.max_adj), channels(c.n_alarm), channels(c.n_ext_ts),      channels(c.n_per_out),
          channels(c.n_pins),  c.pps != 0,          c.cross_timestamping != 0, c.adjust_phase != 0};
}

ClockComparison narrowest(std::span<const int64_t> times) {
  ClockComparison best;
  for (size_t i = 0; i + 3 <= times.size(); i += 3) {
    const int64_t window = times[i + 2] - times[i];
    if (i > 0 && window >= best.windowNs) continue;
    best = {times[i + 1], times[i] + window / 2, window};
  }
  return best;
}

std::optional<ClockComparison> HardwareClock::precise() const {
  ptp_sys_offset_precise p{};
  if (::ioctl(fd(), PTP_SYS_OFFSET_PRECISE, &p) == 0)
    return ClockComparison{nanoseconds(p.device), nanoseconds(p.sys_realtime), 0};
  if (!absent(errno)) throw SystemError(errno, "PTP_SYS_OFFSET_PRECISE", path_);
  return std::nullopt;
}

std::optional<ClockComparison> HardwareClock::extended(uint32_t samples) const {
  ptp_sys_offset_extended e{};
  e.n_samples = samples;
  if (::ioctl(fd(), PTP_SYS_OFFSET_EXTENDED, &e) < 0) {
    if (!absent(errno)) throw SystemError(errno, "PTP_SYS_OFFSET_EXTENDED", path_);
    return std::nullopt;
  }
  std::array<int64_t, 3 * PTP_MAX_SAMPLES> times{};
  for (uint32_t i = 0; i < samples; ++i)
    for (uint32_t k = 0; k < 3; ++k) times[i * 3 + k] = nanoseconds(e.ts[i][k]);
  return narrowest(std::span(times).first(samples * 3));
}

ClockComparison HardwareClock::basic(uint32_t samples) const {
  ptp_sys_offset b{};
  b.n_samples = samples;
  if (::ioctl(fd(), PTP_SYS_OFFSET, &b) < 0) throw SystemError(errno, "PTP_SYS_OFFSET", path_);
  // system, clock, system, clock, ..., system
  std::array<int64_t, 3 * PTP_MAX_SAMPLES> times{};
  for (uint32_t i = 0; i < samples; ++i)
    for (uint32_t k = 0; k < 3; ++k) times[i * 3 + k] = nanoseconds(b.ts[i * 2 + k]);
  return narrowest(std::span(times).first(samples * 3));
}

ClockComparison HardwareClock::compare(ComparisonMethod method, uint32_t samples) const {
  if (samples < 1 || samples > PTP_MAX_SAMPLES) throw ArgumentError("samples: not a whole number of 1..25");
  if (method == ComparisonMethod::best || method == ComparisonMethod::precise) {
    if (const auto found = precise()) return *found;
    if (method == ComparisonMethod::precise) throw UnsupportedError("PTP_SYS_OFFSET_PRECISE of " + path_, "4.5");
  }
  if (method != ComparisonMethod::basic) {
    if (const auto found = extended(samples)) return *found;
    if (method == ComparisonMethod::extended) throw UnsupportedError("PTP_SYS_OFFSET_EXTENDED of " + path_, "5.0");
  }
  return basic(samples);
}

std::vector<Pin> HardwareClock::pins() const {
  std::vector<Pin> pins(capabilities().pins);
  for (uint32_t i = 0; i < pins.size(); ++i) {
    ptp_pin_desc d{};
    d.index = i;
    if (::ioctl(fd(), PTP_PIN_GETFUNC, &d) < 0) throw SystemError(errno, "PTP_PIN_GETFUNC", path_);
    pins[i] = {i, std::string(d.name, ::strnlen(d.name, sizeof d.name)), d.func, d.chan};
  }
  return pins;
}

void HardwareClock::setPin(uint32_t index, uint32_t function, uint32_t channel) const {
  ptp_pin_desc d{};
  d.index = index;
  d.func = function;
  d.chan = channel;
  if (::ioctl(fd(), PTP_PIN_SETFUNC, &d) < 0) throw SystemError(errno, "PTP_PIN_SETFUNC", path_);
}

void HardwareClock::requestExternalTimestamps(uint32_t channel, Edge edge) const {
  ptp_extts_request r{};
  r.index = channel;
  if (edge != Edge::none) r.flags = PTP_ENABLE_FEATURE;
  if (edge == Edge::rising || edge == Edge::both) r.flags |= PTP_RISING_EDGE;
  if (edge == Edge::falling || edge == Edge::both) r.flags |= PTP_FALLING_EDGE;
  if (::ioctl(fd(), PTP_EXTTS_REQUEST, &r) < 0) throw SystemError(errno, "PTP_EXTTS_REQUEST", path_);
}

std::vector<ExternalTimestamp> HardwareClock::readExternalTimestamps() const {
  std::vector<ExternalTimestamp> edges;
  std::array<ptp_extts_event, 32> events{};
  for (;;) {
    const ssize_t n = ::read(fd(), events.data(), sizeof events);
    if (n < 0 && errno != EAGAIN && errno != EINTR) throw SystemError(errno, "read", path_);
    if (n <= 0) return edges;
    const size_t count = static_cast<size_t>(n) / sizeof events[0];
    for (size_t i = 0; i < count; ++i) edges.push_back({events[i].index, nanoseconds(events[i].t)});
    if (count < events.size()) return edges;
  }
}

void HardwareClock::setPeriodicOutput(const PeriodicOutput& output) const {
  if (output.startNs && output.phaseNs) throw ArgumentError("phaseNs: not together with startNs");
  ptp_perout_request r{};
  r.index = output.channel;
  r.period = toPtpClockTime(output.periodNs);
  if (output.phaseNs) {
    r.flags |= PTP_PEROUT_PHASE;
    r.phase = toPtpClockTime(*output.phaseNs);
  } else {
    r.start = toPtpClockTime(output.startNs.value_or(0));
  }
  if (output.onNs) {
    r.flags |= PTP_PEROUT_DUTY_CYCLE;
    r.on = toPtpClockTime(*output.onNs);
  }
  // The older request takes no flags; kernels before 5.9 have only that.
  const bool plain = r.flags == 0;
  if (::ioctl(fd(), plain ? PTP_PEROUT_REQUEST : PTP_PEROUT_REQUEST2, &r) < 0) {
    if (!plain && errno == ENOTTY) throw UnsupportedError("phase and duty cycle of periodic outputs", "5.9");
    throw SystemError(errno, plain ? "PTP_PEROUT_REQUEST" : "PTP_PEROUT_REQUEST2", path_);
  }
}

void HardwareClock::enablePps(bool on) const {
  if (::ioctl(fd(), PTP_ENABLE_PPS, on ? 1 : 0) < 0) throw SystemError(errno, "PTP_ENABLE_PPS", path_);
}

}  // namespace rp::phc
