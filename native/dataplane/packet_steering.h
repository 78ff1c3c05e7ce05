// Which frames of an interface AF_PACKET takes: ESP and AH to this host, whole, not tagged. The three of them say the
// same in three languages.
#pragma once
#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"
#include "nft/table.h"

namespace rp::dataplane {

// For SO_ATTACH_FILTER: of any destination, because that may change at any time.
std::vector<sock_filter> packetFilter();
// For PACKET_FANOUT_DATA: the number of a port, by the SPI.
std::vector<sock_filter> packetFanout(uint32_t ports);
// What drops them behind the tap, for these addresses.
std::vector<nft::Table::Rule> packetRules(std::span<const Address> addresses);

}  // namespace rp::dataplane
