#include "phc/interface_timestamping.h"

#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <span>

#include "base/error.h"
#include "base/fd.h"

namespace rp::phc {
namespace {

// From the narrowest to the widest.
constexpr std::array<int32_t, 3> kL2Filters{HWTSTAMP_FILTER_PTP_V2_L2_EVENT, HWTSTAMP_FILTER_PTP_V2_EVENT,
                                            HWTSTAMP_FILTER_ALL};
constexpr std::array<int32_t, 3> kUdpFilters{HWTSTAMP_FILTER_PTP_V2_L4_EVENT, HWTSTAMP_FILTER_PTP_V2_EVENT,
                                             HWTSTAMP_FILTER_ALL};

ifreq request(const std::string& interface, void* data) {
  ifreq r{};
  if (interface.empty() || interface.size() >= sizeof r.ifr_name) throw ArgumentError("interface: not a name");
  interface.copy(r.ifr_name, sizeof r.ifr_name - 1);
  r.ifr_data = static_cast<char*>(data);
  return r;
}

// Any socket will do to ask about interfaces.
Fd anySocket() {
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) throw SystemError(errno, "socket");
  return fd;
}

hwtstamp_config configOf(const HardwareTimestamping& t) {
  hwtstamp_config c{};
  c.tx_type = t.txType;
  c.rx_filter = t.rxFilter;
  return c;
}

}  // namespace

bool TimestampingInfo::software() const {
  constexpr uint32_t kAll = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  return (capabilities & kAll) == kAll;
}

bool TimestampingInfo::hardware() const {
  constexpr uint32_t kAll = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
  return (capabilities & kAll) == kAll && phcIndex >= 0;
}

TimestampingInfo timestampingInfo(const std::string& interface) {
  ethtool_ts_info info{};
  info.cmd = ETHTOOL_GET_TS_INFO;
  ifreq r = request(interface, &info);
  if (::ioctl(anySocket().get(), SIOCETHTOOL, &r) < 0) {
    if (errno == EOPNOTSUPP) return {};
    throw SystemError(errno, "ETHTOOL_GET_TS_INFO", interface);
  }
  return {info.so_timestamping, info.phc_index, info.tx_types, info.rx_filters};
}

HardwareTimestamping hardwareTimestamping(const std::string& interface) {
  hwtstamp_config c{};
  ifreq r = request(interface, &c);
  if (::ioctl(anySocket().get(), SIOCGHWTSTAMP, &r) < 0) {
    if (errno == EOPNOTSUPP || errno == ENOTTY) throw UnsupportedError("hardware timestamping of " + interface);
    throw SystemError(errno, "SIOCGHWTSTAMP", interface);
  }
  return {c.tx_type, c.rx_filter};
}

void setHardwareTimestamping(const std::string& interface, const HardwareTimestamping& wanted) {
  hwtstamp_config c = configOf(wanted);
  ifreq r = request(interface, &c);
  if (::ioctl(anySocket().get(), SIOCSHWTSTAMP, &r) < 0) throw SystemError(errno, "SIOCSHWTSTAMP", interface);
}

bool filterCovers(int32_t rxFilter, PtpTransport transport) {
  switch (rxFilter) {
    case HWTSTAMP_FILTER_ALL:
    case HWTSTAMP_FILTER_PTP_V2_EVENT:
      return true;
    case HWTSTAMP_FILTER_PTP_V2_L2_EVENT:
      return transport == PtpTransport::l2;
    case HWTSTAMP_FILTER_PTP_V2_L4_EVENT:
      return transport == PtpTransport::udp;
    default:
      return false;  // those of Sync or Delay_Req alone leave out what a port needs when its state changes
  }
}

HardwareTimestamping enableHardwareTimestamping(const std::string& interface, PtpTransport transport, int32_t txType) {
  const Fd fd = anySocket();
  int refused = EOPNOTSUPP;
  for (const int32_t filter : transport == PtpTransport::l2 ? kL2Filters : kUdpFilters) {
    hwtstamp_config c = configOf({txType, filter});
    ifreq r = request(interface, &c);
    if (::ioctl(fd.get(), SIOCSHWTSTAMP, &r) < 0) {
      if (errno != ERANGE && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOTTY)
        throw SystemError(errno, "SIOCSHWTSTAMP", interface);
      refused = errno;
      continue;
    }
    // A driver may take a filter and set a wider one; one that set a narrower one is asked for the next.
    if (c.tx_type == txType && filterCovers(c.rx_filter, transport)) return {c.tx_type, c.rx_filter};
  }
  if (refused == EOPNOTSUPP || refused == ENOTTY || refused == ERANGE)
    throw UnsupportedError("hardware timestamping of " + interface);
  throw SystemError(refused, "SIOCSHWTSTAMP", interface);
}

}  // namespace rp::phc
