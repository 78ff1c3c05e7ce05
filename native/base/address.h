// An IPv4 or IPv6 address in network order.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rp {

struct Address {
  uint8_t version = 0;  // 4, 6, or 0 for none
  uint8_t bytes[16] = {};

  // Dotted quad or RFC 5952 text without zone or brackets. Throws ArgumentError naming `property`.
  static Address parse(std::string_view text, const char* property);
  // 4 octets are IPv4, 16 IPv6; nothing for other lengths.
  static std::optional<Address> fromOctets(std::span<const uint8_t> octets);
  // From bytes that are known to be there, for packet paths.
  static Address v4(const void* p) {
    Address a;
    a.version = 4;
    std::memcpy(a.bytes, p, 4);
    return a;
  }
  static Address v6(const void* p) {
    Address a;
    a.version = 6;
    std::memcpy(a.bytes, p, 16);
    return a;
  }
  bool isMulticast() const { return version == 4 ? (bytes[0] & 0xf0) == 0xe0 : version == 6 && bytes[0] == 0xff; }
  bool isLinkLocal() const { return version == 6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80; }
  // All zeros, of AF_INET or AF_INET6; of another family none.
  static Address any(int family);
  int family() const;  // AF_INET, AF_INET6 or AF_UNSPEC
  unsigned size() const { return version == 4 ? 4 : version == 6 ? 16 : 0; }
  uint8_t bitLength() const { return static_cast<uint8_t>(size() * 8); }
  std::span<const uint8_t> octets() const { return {bytes, size()}; }
  std::string toString() const;  // RFC 5952 for IPv6, "" for none
  bool operator==(const Address&) const = default;
};

}  // namespace rp
