// What loads a gateway in a bench: super-packets of datagrams in the clear, or of ESP in UDP, or frames of plain ESP,
// as fast as one core makes them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"

namespace rp::bench {

struct TrafficSpec {
  // IPv4. In the clear: where to; one after the other gets a super-packet. In ESP: where the inner packets come from.
  std::vector<Address> hosts;
  // Lengths of IP packets, one after the other.
  std::vector<uint32_t> sizes;
  // Packets of one super-packet at most (UDP_SEGMENT).
  uint32_t segments = 64;
  double seconds = 1;
  // 0: as fast as it goes.
  double packetsPerSecond = 0;

  Address local;

  // ESP in UDP from `local` to `remote` instead: one SA per host, SPIs from `spi` on, AES-GCM or AES-CBC-SHA256
  // with keys of which each byte is `key`. They are sealed once and sent again and again, for a gateway without a
  // replay window. The inner packets are for `innerDestination`.
  bool esp = false;
  Address remote, innerDestination;
  uint32_t spi = 0;
  uint8_t key = 0;
  bool cbc = false;
  // Plain ESP instead, as frames of this interface to this MAC address.
  std::string interface, mac;
};

struct Traffic {
  uint64_t packets = 0, bytes = 0;
  double seconds = 0, cpuSeconds = 0;
};

// Throws SystemError. Returns when the time is over.
Traffic sendTraffic(const TrafficSpec& spec);

}  // namespace rp::bench
