// What a network interface can stamp (ETHTOOL_GET_TS_INFO), and its hardware's configuration (SIOCSHWTSTAMP).
#pragma once
#include <cstdint>
#include <string>

namespace rp::phc {

struct TimestampingInfo {
  // Bits of SOF_TIMESTAMPING_*.
  uint32_t capabilities = 0;
  // N of /dev/ptpN, the clock that hardware stamps are of; -1 is none.
  int32_t phcIndex = -1;
  // Bits of 1 << HWTSTAMP_TX_*, 1 << HWTSTAMP_FILTER_*.
  uint32_t txTypes = 0;
  uint32_t rxFilters = 0;

  bool software() const;
  // Hardware can stamp what goes and what comes.
  bool hardware() const;
};

// SystemError if there is no such interface; one without the ethtool call has none of it.
TimestampingInfo timestampingInfo(const std::string& interface);

// struct hwtstamp_config
struct HardwareTimestamping {
  int32_t txType = 0;
  int32_t rxFilter = 0;
  bool operator==(const HardwareTimestamping&) const = default;
};

HardwareTimestamping hardwareTimestamping(const std::string& interface);
void setHardwareTimestamping(const std::string& interface, const HardwareTimestamping& wanted);

enum class PtpTransport : uint8_t { l2, udp };

// Asks for stamps on event messages with the narrowest filter that the driver takes: of this transport's event
// messages, of all event messages, of all packets. Returns what the driver made of it, which may be wider.
// UnsupportedError if it takes none.
HardwareTimestamping enableHardwareTimestamping(const std::string& interface, PtpTransport transport, int32_t txType);

// Does `rxFilter` (HWTSTAMP_FILTER_*) stamp the event messages of `transport`? Pure.
bool filterCovers(int32_t rxFilter, PtpTransport transport);

}  // namespace rp::phc
