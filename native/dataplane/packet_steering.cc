#include "dataplane/packet_steering.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "base/bytes.h"
#include "esp/ip_header.h"

namespace rp::dataplane {
namespace {

constexpr uint32_t kEthernet = 14;
constexpr uint16_t kFragment = 0x3fff;

// Reads a 32-bit word of the kernel's own about the packet.
constexpr uint32_t about(int what) { return static_cast<uint32_t>(SKF_AD_OFF + what); }
// Counts from the IP header on.
constexpr uint32_t network(int offset) { return static_cast<uint32_t>(SKF_NET_OFF + offset); }

}  // namespace

std::vector<sock_filter> packetFilter() {
  return {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, about(SKF_AD_VLAN_TAG_PRESENT)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 14),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, about(SKF_AD_PKTTYPE)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 12),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 5),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kEthernet + 6),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kFragment, 8, 0),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kEthernet + 9),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, esp::kEsp, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, esp::kAh, 4, 5),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 4),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kEthernet + 6),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, esp::kEsp, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, esp::kAh, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
}

std::vector<sock_filter> packetFanout(uint32_t ports) {
  // The SPI is ESP's first word and AH's second. IPv4 options are rare: such packets are the first port's.
  return {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, network(0)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x45, 0, 6),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, network(9)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, esp::kAh, 2, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, network(20)),
      BPF_JUMP(BPF_JMP | BPF_JA, 11, 0, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, network(24)),
      BPF_JUMP(BPF_JMP | BPF_JA, 9, 0, 0),
      // Here the accumulator still has the first octet.
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x60, 0, 6),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, network(6)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, esp::kAh, 2, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, network(40)),
      BPF_JUMP(BPF_JMP | BPF_JA, 3, 0, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, network(44)),
      BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, ports),
      BPF_STMT(BPF_RET | BPF_A, 0),
  };
}

std::vector<nft::Table::Rule> packetRules(std::span<const Address> addresses) {
  std::vector<nft::Table::Rule> rules;
  for (const Address& address : addresses)
    for (const uint8_t protocol : {esp::kEsp, esp::kAh})
      rules.push_back([address, protocol](nft::Expressions& e) {
        const bool v4 = address.version == 4;
        uint8_t type[2];
        storeBe16(type, v4 ? ETH_P_IP : ETH_P_IPV6);
        constexpr uint8_t kBits[2] = {kFragment >> 8, kFragment & 0xff}, kNone[2] = {};
        // Of a tagged frame this is the tag, wherever the kernel keeps it.
        e.payloadIs(NFT_PAYLOAD_LL_HEADER, 12, type);
        e.metaIs(NFT_META_PKTTYPE, uint8_t{PACKET_HOST});
        e.payloadIs(NFT_PAYLOAD_NETWORK_HEADER, v4 ? 9 : 6, {&protocol, 1});
        if (v4) e.payloadIs(NFT_PAYLOAD_NETWORK_HEADER, 6, kNone, kBits);
        e.payloadIs(NFT_PAYLOAD_NETWORK_HEADER, v4 ? 16 : 24, address.octets());
        e.verdict(nft::Verdict::drop);
      });
  return rules;
}

}  // namespace rp::dataplane
