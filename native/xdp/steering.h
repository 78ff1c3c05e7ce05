// Which packets of an interface go to AF_XDP sockets: what is ours. All else passes to the kernel untouched, so that
// the box stays reachable whatever becomes of this process.
#pragma once
#include <linux/bpf.h>

#include <cstdint>
#include <vector>

namespace rp::xdp {

struct Steering {
  // Everything; the rest is not looked at.
  bool all = false;
  // Ethernet types, such as 0x88f7.
  std::vector<uint16_t> etherTypes;
  // IP protocols: 50 (ESP), 51 (AH), 47 (GRE), 4 (IPIP), 41 (6to4, SIT)...
  std::vector<uint8_t> protocols;
  // UDP destination ports.
  std::vector<uint16_t> udpPorts;
  // UDP destination ports where ESP with an SPI goes, but not IKE behind its marker and not keepalives (RFC 3948 2.2).
  std::vector<uint16_t> espInUdpPorts;
  // Only what is addressed to one of the addresses in the map; without it a router would not forward the tunnels of
  // others.
  bool onlyAddresses = true;
};

// `sockets` is an XSKMAP by queue, `addresses` a hash of 16-octet addresses (IPv4 as ::ffff:a.b.c.d).
// Throws ArgumentError for more than 64 entries in a list.
std::vector<bpf_insn> assemble(const Steering& steering, int sockets, int addresses);

}  // namespace rp::xdp
