// An Ethernet frame with a protected packet in it.
#pragma once
#include <cstdint>
#include <span>

#include "dataplane/port.h"

namespace rp::dataplane {

struct CipherFrame {
  // As a socket of its kind would have it: of AH and ESP over IPv4 with the IP header, all else from SPI or AH on.
  Received received;
  uint8_t protocol = 0;  // 50, 51, or 17 for ESP in UDP
};

// False: something else, fragments and IPv6 extension headers included, or malformed. The program that lets frames
// through has looked at them, but nobody has looked at their checksums and lengths.
bool readFrame(std::span<uint8_t> frame, uint16_t natPort, CipherFrame& out);

}  // namespace rp::dataplane
