// What both ends of an SA know of it, besides its keys.
#pragma once
#include <cstdint>

#include "base/address.h"
#include "crypto/suite.h"
#include "esp/replay_window.h"

namespace rp::esp {

enum class Protocol : uint8_t { esp, ah, ipcomp };  // RFC 4303, RFC 4302, RFC 3173
enum class Mode : uint8_t { transport, tunnel };
// The outer IPv4 header's DF bit (RFC 4301 8.1). `copy` sets it over an inner IPv6, which no router may fragment.
enum class DfPolicy : uint8_t { copy, set, clear };

struct SaParameters {
  uint32_t spi = 0;  // IPComp: the CPI
  Protocol protocol = Protocol::esp;
  Mode mode = Mode::tunnel;
  // Outer addresses in the direction of travel, both of one version.
  Address src, dst;
  // RFC 3948; ports in the direction of travel.
  bool udp = false;
  uint16_t srcPort = 0, dstPort = 0;
  bool esn = false;
  // Where the SA stands when it was begun elsewhere: the last number sent, or the highest received. 0 for a new one.
  uint64_t sequence = 0;
  uint32_t replayWindow = ReplayWindow::kDefault;  // inbound
  // Outbound, tunnel mode:
  DfPolicy df = DfPolicy::copy;
  uint8_t ttl = 64;
  bool copyDscp = true;          // else `dscp` (RFC 4301 5.1.2.1)
  uint8_t dscp = 0;              // 0..63
  bool copyEcn = true;           // normal mode, else compatibility mode (RFC 6040 4.1)
  uint32_t padTo = 0;            // ESP: inner packets are padded to so many bytes (RFC 4303 2.7)
  bool decapsulateDscp = false;  // inbound, tunnel mode: the outer DSCP replaces the inner one (RFC 2983 4.1)
  crypto::SuiteSpec suite;

  crypto::SuiteSpec suiteInUse() const;

  // Throws ArgumentError naming the property.
  void validate() const;
};

}  // namespace rp::esp
