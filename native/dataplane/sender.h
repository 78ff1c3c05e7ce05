// Sends protected packets in few system calls: packets of one SA and length leave as one UDP super-packet
// (UDP_SEGMENT).
#pragma once
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/control.h"
#include "dataplane/frame_ports.h"
#include "dataplane/ports.h"
#include "dataplane/reporter.h"
#include "esp/encapsulate.h"

namespace rp::dataplane {

class Sender {
 public:
  Sender(const Ports& ports, FramePorts& xdp, Reporter& reporter);

  // Queues what encapsulate() made; its bytes must stay until flush(). `mayJoin` is false for a packet that is longer
  // than its path carries: the kernel refuses to join such.
  void add(esp::OutboundPacket& packet, bool mayJoin);
  // Queues `count` packets of ESP in UDP that lie side by side, of `each` bytes, the last of what is left; they too
  // must stay until flush().
  void addTrain(const esp::OutboundSa& sa, uint8_t tos, std::span<uint8_t> bytes, uint32_t each, uint32_t count);
  // Queues a whole IP packet to go out as it is.
  void addPlain(std::span<uint8_t> packet, const Address& destination);
  void flush();

 private:
  static constexpr size_t kMessages = 64, kParts = 512;
  // UDP_SEGMENT takes one IP packet's worth of bytes.
  static constexpr uint32_t kMaxJoinedBytes = 65000;

  struct Message {
    const esp::OutboundSa* sa;
    Address source;
    uint32_t spi;
    // Parts are pieces of memory, `packets` what they hold: neighbours in memory are one part.
    uint32_t firstPart, parts, packets, segment, bytes;
    uint8_t tos;
    bool closed;
  };

  void push(const Port* port, const Message& message, const Endpoint& destination, std::span<uint8_t> bytes);
  bool join(const esp::OutboundPacket& packet);
  // How many packets of `each` bytes the last message takes.
  uint32_t roomFor(const esp::OutboundSa& sa, uint8_t tos, uint32_t each) const;
  // False if there is no room for another piece of memory.
  bool append(uint8_t* data, size_t bytes);
  void prepare(size_t index, bool segmented);
  void sendOneByOne(size_t index);
  bool waitWritable();

  // Past the kernel, if there is a way; the packet has its outer header then.
  bool bypass(esp::OutboundPacket& packet);

  const Ports& ports_;
  FramePorts& xdp_;
  Reporter& reporter_;
  const Port* port_ = nullptr;
  uint32_t maxJoined_;
  size_t messages_ = 0, parts_ = 0;
  std::array<Message, kMessages> queue_{};
  std::array<sockaddr_storage, kMessages> names_{};
  std::array<socklen_t, kMessages> nameBytes_{};
  std::array<ControlBuffer, kMessages> controls_{};
  std::array<mmsghdr, kMessages> headers_{};
  std::array<iovec, kParts> vectors_{};
};

}  // namespace rp::dataplane
