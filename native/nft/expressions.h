// Writes the expressions of one nf_tables rule: what a packet must be, and what becomes of it then. The names are those
// of nft(8) and of linux/netfilter/nf_tables.h.
#pragma once
#include <linux/netfilter/nf_tables.h>

#include <cstdint>
#include <span>
#include <string>

#include "netlink/request.h"

namespace rp::nft {

enum class Verdict : uint32_t { drop = 0, accept = 1 };  // NF_DROP, NF_ACCEPT

class Expressions {
 public:
  explicit Expressions(netlink::Request& request) : request_(request) {}

  // Metadata of one octet (NFT_META_NFPROTO, NFT_META_L4PROTO), or of four (NFT_META_IIF).
  void metaIs(nft_meta_keys key, uint8_t value) { meta(key), compare(NFT_CMP_EQ, {&value, 1}); }
  void metaIs(nft_meta_keys key, uint32_t value) {
    meta(key), compare(NFT_CMP_EQ, {reinterpret_cast<const uint8_t*>(&value), 4});
  }
  // What it came in by, whatever has that name then.
  void interfaceIs(const std::string& name);
  // What stands at `offset` of the header, in network order; at most 16 octets.
  void payloadIs(nft_payload_bases base, uint32_t offset, std::span<const uint8_t> value) {
    load(base, offset, static_cast<uint32_t>(value.size())), compare(NFT_CMP_EQ, value);
  }
  // The same of the bits of `mask`; `value` has no others.
  void payloadIs(nft_payload_bases base, uint32_t offset, std::span<const uint8_t> value,
                 std::span<const uint8_t> mask);
  void payloadIsNot(nft_payload_bases base, uint32_t offset, std::span<const uint8_t> value,
                    std::span<const uint8_t> mask);
  // Two octets of it, as a number.
  void payloadIn(nft_payload_bases base, uint32_t offset, uint16_t first, uint16_t last);
  // One octet.
  void payloadIn(nft_payload_bases base, uint32_t offset, uint8_t first, uint8_t last);
  // A fragment of IPv6 that is not the first one (RFC 8200 4.5).
  void laterFragment();
  // Counts with the counter object of that name.
  void count(const char* name);
  void verdict(Verdict code);

 private:
  template <class Body>
  void expression(const char* name, Body&& body);
  void number(netlink::AttributeType type, uint32_t value);
  void data(netlink::AttributeType type, std::span<const uint8_t> value);
  void meta(nft_meta_keys key);
  void load(nft_payload_bases base, uint32_t offset, uint32_t bytes);
  void mask(std::span<const uint8_t> bits);
  void compare(nft_cmp_ops op, std::span<const uint8_t> value);
  void range(std::span<const uint8_t> first, std::span<const uint8_t> last);

  netlink::Request& request_;
};

}  // namespace rp::nft
