// The inbound path (RFC 4301 5.2): from the cipher side through SAD and SPD to the TUN device, or, for IKE, to its
// ring.
#pragma once
#include <cstdint>
#include <vector>

#include "dataplane/arena.h"
#include "dataplane/coalescer.h"
#include "dataplane/datagram_ring.h"
#include "dataplane/fragment_ports.h"
#include "dataplane/frame_port.h"
#include "dataplane/inbound_bundle.h"
#include "dataplane/ports.h"
#include "dataplane/reporter.h"
#include "dataplane/sad.h"
#include "dataplane/spd.h"
#include "dataplane/tun.h"
#include "esp/decapsulate.h"

namespace rp::dataplane {

class Inbound {
 public:
  Inbound(const Tun& tun, Spd& spd, Sad& sad, Reporter& reporter, DatagramRing& ike, const Sizes& sizes);

  // Reads and handles one batch of what has come to `port`.
  void run(const Port& port);
  // The same past the kernel.
  void run(FramePort& port);

 private:
  // Opened together at most: what a cipher works on together.
  static constexpr size_t kBatch = 64;
  // But no more than stays in the first-level cache until somebody has looked at it.
  static constexpr size_t kBatchBytes = 12 * 1024, kLeastBatch = 8;
  // From so many packets of one SA on they go through together.
  static constexpr size_t kLeastTrain = 4;
  // RFC 3948: what tells IKE from ESP on port 4500, and what keeps a NAT's mapping alive.
  static constexpr size_t kMarkerBytes = 4;
  static constexpr uint8_t kKeepalive = 0xff;

  struct Origin {
    Sa* sa;
    Endpoint remote;
    bool viaUdp;
  };

  void batch(const Port& port, std::span<const Received> received);
  void udp(const Received& received);
  // Of the joined datagrams, the bytes of those from `at` on that are of one SA.
  static size_t trainBytes(const Received& received, size_t at);
  // The fast way for them. False if they must go one by one, and nothing has been done then.
  bool train(const Received& received, std::span<uint8_t> packets);
  void raw(const Received& received, esp::Protocol protocol);
  void ike(const Received& received, std::span<uint8_t> message);
  // `packet` is from SPI to ICV, or from AH on. `headerBytes` of IP header stand in front of it, or none.
  void esp(const Received& received, std::span<uint8_t> packet, bool viaUdp, uint16_t headerBytes,
           esp::Protocol protocol = esp::Protocol::esp);
  // There is ESP, AH or IPComp inside.
  void nested(esp::InboundPacket& packet, const Origin& origin);
  // Room for a copy with headroom: a slot of its own, or the whole arena for a long packet.
  uint8_t* slot(size_t bytes);
  void decapsulate();
  void opened(esp::InboundPacket& packet, const Origin& origin);
  // True if the packet is of `flow_` and of the SA that was admitted to it; `flow_.length` is then its own.
  bool continuesFlow(std::span<const uint8_t> packet);
  bool admitted(const Sa& sa, const Flow& flow);
  // The SPD's part of it; nullptr if it has been dropped. `spi` is for the report.
  const Policy* policyOf(const Flow& flow, uint32_t spi);
  void write(std::span<const iovec> parts, uint32_t packets, uint32_t bytes);

  const Tun& tun_;
  SpdCache spd_;
  SadCache sad_;
  Reporter& reporter_;
  DatagramRing& ike_;
  Coalescer coalescer_;
  FragmentPorts fragments_;
  InboundBundle bundle_;
  ReceiveBuffers buffers_;
  // Joined datagrams leave no room between them for the IP header that transport mode makes: their packets are copied
  // to slots of this.
  static constexpr uint32_t kSlotHeadroom = 128, kSlotBytes = kSlotHeadroom + 2048 + 128;
  static constexpr size_t kSlots = 128;
  Arena slots_;
  size_t usedSlots_ = 0;
  std::vector<esp::InboundPacket> packets_;
  std::vector<Origin> origins_;
  // Of the batch in hand: the port's number, the SA of the packet before in the same datagram, and the flow of the
  // packet before, which that SA may carry.
  uint16_t number_ = 0;
  Sa* last_ = nullptr;
  Flow flow_;
  const Sa* admitted_ = nullptr;
};

}  // namespace rp::dataplane
