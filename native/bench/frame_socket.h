// Sends Ethernet frames past routing and queueing of the kernel, many with one call.
#pragma once
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"

namespace rp::bench {

class FrameSocket {
 public:
  // Bytes in front of each packet that send() overwrites.
  static constexpr uint32_t kEthernet = 14;

  // Frames of IPv4 to `destination`, six bytes with colons. Throws SystemError naming the interface.
  FrameSocket(const std::string& interface, const std::string& destination);

  // Whole IPv4 packets; how many the device took.
  uint32_t send(std::span<const std::span<uint8_t>> packets);

 private:
  static constexpr size_t kMost = 128;
  std::array<uint8_t, kEthernet> header_{};
  Fd fd_;
  std::vector<mmsghdr> messages_;
  std::vector<iovec> vectors_;
};

}  // namespace rp::bench
