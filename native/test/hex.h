// Test vectors as their documents print them.
#pragma once
#include <cctype>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rp::test {

inline std::vector<uint8_t> hex(std::string_view text) {
  std::vector<uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(uint8_t(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

}  // namespace rp::test
