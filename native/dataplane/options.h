// How a data plane is set up.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rp::dataplane {

// What the memory of one packet thread is made of.
struct Sizes {
  // Datagrams received with one system call, 64 KB each.
  size_t receiveMessages = 16;
  // Packets on their way out: some super-packets.
  size_t sendBytes = 4 * 66 * 1024;
  // IKE messages that JavaScript has not read yet; a power of two.
  size_t ikeBytes = 1 << 20;
  size_t events = 1024;
  // Of each AF_XDP port, 2 KiB each; a power of two.
  uint32_t xdpFrames = 4096;
  // Of each socket, in the kernel: some milliseconds of a gigabit.
  int socketBytes = 4 << 20;

  // For a router of 64 to 256 MB.
  static Sizes small() { return {2, 66 * 1024, 128 * 1024, 256, 512, 1 << 20}; }
};

// How frames go past the kernel: AF_XDP, AF_PACKET, or the first of them that an interface can.
enum class FrameMeans : uint8_t { kAny, kXdp, kPacket };

struct Options {
  std::string device;
  uint32_t mtu = 0;
  uint16_t ikePort = 0, natPort = 0;
  uint32_t mark = 0;
  uint32_t threads = 1;
  // How long a thread looks for more packets before it sleeps; 0 not at all.
  uint32_t pollUs = 0;
  // Interfaces whose ESP and AH go past the kernel.
  std::vector<std::string> xdp;
  FrameMeans frameMeans = FrameMeans::kAny;
  Sizes sizes;
};

}  // namespace rp::dataplane
