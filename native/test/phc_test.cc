// The parts of phc that want no hardware: matching of transmit stamps, control messages, overlay clock, filters.
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "base/error.h"
#include "phc/destination.h"
#include "phc/hardware_clock.h"
#include "phc/interface_timestamping.h"
#include "phc/overlay_clock.h"
#include "phc/posix_clock.h"
#include "phc/stamp_message.h"
#include "phc/system_clock.h"
#include "phc/time.h"
#include "phc/transmit_stamps.h"
#include "test/check.h"

namespace rp::phc {
namespace {

void times() {
  CHECK(nanoseconds(toTimespec(-1)) == -1);
  CHECK(toTimespec(-1).tv_sec == -1 && toTimespec(-1).tv_nsec == 999'999'999);
  CHECK(nanoseconds(toPtpClockTime(1'700'000'000'123'456'789)) == 1'700'000'000'123'456'789);
}

void transmitStamps() {
  TransmitStamps stamps;
  CHECK(!stamps.nextDeadline());
  stamps.expect(70, 1000);
  stamps.expect(71, 900);
  stamps.skip();
  stamps.expect(73, 1100);
  CHECK(stamps.nextDeadline() == 900);
  CHECK(stamps.match(3) == 73u);
  CHECK(!stamps.match(3));  // it comes once
  CHECK(!stamps.match(2));  // one-step: none is awaited
  CHECK(stamps.match(0) == 70u);
  CHECK(stamps.expire(899).empty());
  const auto lost = stamps.expire(900);
  CHECK(lost.size() == 1 && lost[0] == 71);
  CHECK(!stamps.match(1));  // too late
  stamps.expect(80, 2000);
  CHECK(stamps.restart().size() == 1);
  stamps.expect(81, 2000);
  CHECK(stamps.match(0) == 81u);
  // A kernel that gives no stamp at all makes nothing grow.
  for (uint32_t i = 0; i < 3 * TransmitStamps::kLimit; ++i) stamps.expect(i, 5000);
  CHECK(stamps.size() == TransmitStamps::kLimit);
  CHECK(stamps.expire(0).size() == 2 * TransmitStamps::kLimit);
  CHECK(stamps.expire(5000).size() == TransmitStamps::kLimit);
}

struct Control {
  alignas(16) std::array<uint8_t, 256> bytes{};
  size_t used = 0;
  void add(int level, int type, const void* data, size_t size) {
    auto* c = reinterpret_cast<cmsghdr*>(bytes.data() + used);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(c), data, size);
    used += CMSG_SPACE(size);
  }
  msghdr header() {
    msghdr h{};
    h.msg_control = bytes.data();
    h.msg_controllen = used;
    return h;
  }
};

void stampMessages() {
  const int64_t stamps[6] = {1'700'000'000, 1, 0, 0, 1'600'000'000, 999'999'999};
  sock_extended_err error{};
  error.ee_errno = ENOMSG;
  error.ee_origin = SO_EE_ORIGIN_TIMESTAMPING;
  error.ee_info = SCM_TSTAMP_SND;
  error.ee_data = 77;
  struct Kind {
    int level, type;
  };
  for (const auto& [level, type] :
       {Kind{SOL_PACKET, PACKET_TX_TIMESTAMP}, {SOL_IP, IP_RECVERR}, {SOL_IPV6, IPV6_RECVERR}}) {
    Control control;
    control.add(SOL_SOCKET, SCM_TIMESTAMPING, stamps, sizeof stamps);
    control.add(level, type, &error, sizeof error);
    const auto software = decodeStamp(control.header(), Stamping::software);
    CHECK(software.stampNs == 1'700'000'000'000'000'001);
    CHECK(software.id == 77u);
    CHECK(decodeStamp(control.header(), Stamping::hardware).stampNs == 1'600'000'000'999'999'999);
    // Cut short anywhere, it is read as far as it goes.
    for (size_t cut = 0; cut < control.used; ++cut) {
      msghdr h = control.header();
      h.msg_controllen = cut;
      const auto m = decodeStamp(h, Stamping::software);
      CHECK(!m.id);
    }
  }
  Control other;
  error.ee_info = SCM_TSTAMP_SCHED;
  other.add(SOL_IP, IP_RECVERR, &error, sizeof error);
  other.add(SOL_SOCKET, SCM_TIMESTAMPING, stamps, 8);
  CHECK(!decodeStamp(other.header(), Stamping::software).id);
  CHECK(!decodeStamp(other.header(), Stamping::software).stampNs);
  // No clock says such a thing, and the sum would not fit.
  for (const int64_t ns : {int64_t{-1}, kSecond, int64_t{INT32_MAX}}) {
    const int64_t strange[6] = {INT64_MAX / kSecond - 1, ns, 0, 0, 0, 0};
    Control control;
    control.add(SOL_SOCKET, SCM_TIMESTAMPING, strange, sizeof strange);
    CHECK(!decodeStamp(control.header(), Stamping::software).stampNs);
  }
}

void overlayParameters() {
  OverlayParameters p{1'000'000'000, 5, 0, 0};
  CHECK(p.at(1'000'000'000) == 1'000'000'005);
  // 1000 ppb for a day: 86.4 ms, whatever the reference.
  p.rate = (int64_t{1} << OverlayParameters::kRateShift) / 1'000'000;
  const int64_t day = 86'400 * kSecond;
  const int64_t gained = p.at(p.referenceNs + day) - p.at(p.referenceNs) - day;
  CHECK(gained > 86'399'000 && gained <= 86'400'000);
  CHECK(p.at(p.referenceNs - day) - p.at(p.referenceNs) + day < -86'399'000);
  for (const int64_t real : {int64_t{0}, p.referenceNs, 1'700'000'000 * kSecond + 123}) {
    const int64_t back = p.realAt(p.at(real));
    CHECK(back >= real - 1 && back <= real + 1);
  }
  // A thousand rebases lose nothing.
  OverlayParameters moved = p;
  for (int i = 1; i <= 1000; ++i) moved = moved.rebased(p.referenceNs + i * 123'456'789LL);
  const int64_t later = p.referenceNs + 3600 * kSecond;
  const int64_t difference = moved.at(later) - p.at(later);
  CHECK(difference >= -1 && difference <= 1);
}

void overlayClock() {
  const std::string path = "/tmp/rp-overlay-" + std::to_string(::getpid());
  {
    OverlayClock clock(path, OverlayClock::Access::create);
    const OverlayClock reader(path, OverlayClock::Access::read);
    CHECK(reader.at(1234) == 1234);
    clock.step(-5'000'000'000);
    CHECK(reader.at(9'000'000'000) == 4'000'000'000);
    clock.setFrequency(-250.5);
    CHECK(reader.frequency() > -250.51 && reader.frequency() < -250.49);
    const int64_t before = reader.time();
    clock.setFrequency(0);
    CHECK(clock.time() >= before && clock.time() - before < 5 * kSecond);
    clock.setTime(42);
    CHECK(reader.time() >= 42 && reader.time() < 5 * kSecond);
    CHECK_THROWS(const_cast<OverlayClock&>(reader).step(1), SystemError, "open for reading");
    CHECK_THROWS(clock.setFrequency(0.0 / 0.0), ArgumentError, "ppb");
    // One writer at a time: within one process too, as the lock is the open file's.
    CHECK_THROWS(OverlayClock(path, OverlayClock::Access::create), SystemError, "busy");
  }
  {
    OverlayClock again(path, OverlayClock::Access::create);
    CHECK(again.time() < 60 * kSecond);  // what it said is kept
  }
  ::unlink(path.c_str());
  CHECK_THROWS(OverlayClock(path, OverlayClock::Access::read), SystemError, "No such file");
  CHECK_THROWS(OverlayClock("/proc/self/status", OverlayClock::Access::read), ArgumentError, "not an overlay clock");
  OverlayClock own("", OverlayClock::Access::create);
  const int64_t real = now(CLOCK_REALTIME);
  CHECK(own.time() - real >= 0 && own.time() - real < kSecond);
}

void comparisons() {
  const int64_t times[] = {100, 1150, 200, 300, 1320, 340, 500, 1550, 600};
  const ClockComparison best = narrowest(times);
  CHECK(best.clockNs == 1320 && best.systemNs == 320 && best.windowNs == 40);
  CHECK_THROWS(HardwareClock("/dev/null"), SystemError, "PTP_CLOCK_GETCAPS");
  CHECK_THROWS(HardwareClock("/dev/ptp-none"), SystemError, "/dev/ptp-none");
}

void interfaces() {
  const TimestampingInfo lo = timestampingInfo("lo");
  CHECK(!lo.hardware() && lo.phcIndex == -1);
  CHECK_THROWS(timestampingInfo("no-such-device"), SystemError, "no-such-device");
  CHECK_THROWS(timestampingInfo("a-name-that-is-far-too-long"), ArgumentError, "interface");
  CHECK_THROWS(enableHardwareTimestamping("lo", PtpTransport::l2, HWTSTAMP_TX_ON), UnsupportedError, "lo");
  CHECK(filterCovers(HWTSTAMP_FILTER_ALL, PtpTransport::udp));
  CHECK(filterCovers(HWTSTAMP_FILTER_PTP_V2_L4_EVENT, PtpTransport::udp));
  CHECK(!filterCovers(HWTSTAMP_FILTER_PTP_V2_L4_EVENT, PtpTransport::l2));
  CHECK(!filterCovers(HWTSTAMP_FILTER_PTP_V2_L2_EVENT, PtpTransport::udp));
  CHECK(!filterCovers(HWTSTAMP_FILTER_PTP_V2_SYNC, PtpTransport::l2));
  CHECK(!filterCovers(HWTSTAMP_FILTER_NONE, PtpTransport::l2));
}

void destinations() {
  uint8_t octets[16];
  const auto mac = Destination::parse(Transport::ethernet, "01:1b:19:00:00:00", 3, 0);
  CHECK(sourceOctets(mac.address, octets) == 6 && octets[1] == 0x1b);
  const auto v4 = Destination::parse(Transport::ipv4, "224.0.1.129", 3, 319);
  CHECK(sourceOctets(v4.address, octets) == 4 && octets[3] == 129);
  const auto v6 = Destination::parse(Transport::ipv6, "ff02::6b", 3, 319);
  CHECK(sourceOctets(v6.address, octets) == 16 && octets[15] == 0x6b);
  CHECK(reinterpret_cast<const sockaddr_in6&>(v6.address).sin6_scope_id == 3);
  CHECK_THROWS(Destination::parse(Transport::ipv4, "ff02::6b", 3, 319), ArgumentError, "IPv4");
  CHECK_THROWS(Destination::parse(Transport::ipv6, "1.2.3.4", 3, 319), ArgumentError, "IPv6");
  CHECK_THROWS(Destination::parse(Transport::ethernet, "1.2.3.4", 3, 319), ArgumentError, "octets");
}

void systemClock() {
  // Reading it asks for no capability; nothing here sets it.
  const PosixClock clock(CLOCK_REALTIME, "CLOCK_REALTIME");
  CHECK(clock.time() > 1'600'000'000 * kSecond);
  CHECK(clock.frequency() > -1e6 && clock.frequency() < 1e6);
  CHECK(systemClockStatus().maximumErrorNs >= 0);
}

}  // namespace
}  // namespace rp::phc

int main() {
  using namespace rp::phc;
  times();
  transmitStamps();
  stampMessages();
  overlayParameters();
  overlayClock();
  comparisons();
  interfaces();
  destinations();
  systemClock();
  return rp::test::checkFailures();
}
