// Control messages as recvmmsg would leave them, of any content.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "phc/stamp_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  alignas(16) std::array<uint8_t, 512> control{};
  const size_t bytes = std::min(size, control.size());
  std::memcpy(control.data(), data, bytes);
  msghdr header{};
  header.msg_control = control.data();
  header.msg_controllen = bytes;
  for (const auto stamping : {rp::phc::Stamping::software, rp::phc::Stamping::hardware}) {
    const auto message = rp::phc::decodeStamp(header, stamping);
    if (message.stampNs && *message.stampNs == 0) __builtin_trap();
  }
  return 0;
}
