// Kernel numbers and the words that ip(8) prints for them.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace rp::netlink {

struct Name {
  uint32_t value;
  std::string_view name;
};
using Names = std::span<const Name>;

}  // namespace rp::netlink
