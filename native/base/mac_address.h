// Link-layer addresses as text, "02:00:00:00:00:01".
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace rp {

// Any length that the kernel gives; at most 32 octets (MAX_ADDR_LEN).
inline std::string formatMacAddress(std::span<const uint8_t> octets) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t octet : octets.first(octets.size() < 32 ? octets.size() : 32)) {
    if (!text.empty()) text += ':';
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

// Throws ArgumentError unless it is six hexadecimal octets.
inline std::array<uint8_t, 6> parseMacAddress(std::string_view text) {
  std::array<uint8_t, 6> octets{};
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = static_cast<char>(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  bool good = text.size() == 17;
  for (size_t i = 0; good && i < octets.size(); ++i) {
    const int high = digit(text[i * 3]), low = digit(text[i * 3 + 1]);
    good = high >= 0 && low >= 0 && (i == 5 || text[i * 3 + 2] == ':');
    octets[i] = static_cast<uint8_t>(high << 4 | low);
  }
  if (!good) throw ArgumentError("macAddress: not six hexadecimal octets");
  return octets;
}

}  // namespace rp
