// The outbound path (RFC 4301 5.1): from the TUN device through SPD and SAD to the cipher side.
#pragma once
#include <cstdint>
#include <vector>

#include "dataplane/arena.h"
#include "dataplane/fragment_ports.h"
#include "dataplane/outbound_bundle.h"
#include "dataplane/reassembly.h"
#include "dataplane/reporter.h"
#include "dataplane/sad.h"
#include "dataplane/segmenter.h"
#include "dataplane/sender.h"
#include "dataplane/spd.h"
#include "dataplane/train_sealer.h"
#include "dataplane/tun.h"

namespace rp::dataplane {

class Outbound {
 public:
  Outbound(const Tun& tun, const Ports& ports, FramePorts& xdp, Spd& spd, Sad& sad, Reporter& reporter,
           const Sizes& sizes);

  // Reads and handles what the device has, a bounded number of (super-)packets. Returns an errno when the device is
  // gone, else 0.
  int run();
  // Sends what `sa` owes of dummy packets (RFC 4303 2.6) after a tick of `elapsedNs`.
  void dummies(Sa& sa, uint64_t elapsedNs);

 private:
  static constexpr int kReads = 32;
  // Packets that are sealed together, right after they were copied: while they are in the first-level cache. As many as
  // the ciphers and hashes have lanes for, twice.
  static constexpr size_t kChunk = 32;
  // In front of a packet: ESP header and IV, or an outer header with UDP; behind: padding, trailer, ICV.
  static constexpr uint32_t kHeadroom = 128, kTailroom = 64;
  static constexpr size_t kSuperBytes = 65536 + 256;

  void handle(const VnetHeader& header, std::span<const uint8_t> packet);
  // What to do with a packet in the clear that no outbound policy wants.
  bool mayPass(const Flow& flow);
  void encrypt(SpdEntry& entry, std::span<const uint8_t> packet);
  void protect(Sa& sa, std::span<const uint8_t> packet);
  void protectTrain(Sa& sa, std::span<const uint8_t> packet);
  // All that is not one ESP of a packet that fits.
  void bundle(SpdEntry& entry, std::span<const uint8_t> packet);
  void withoutSa(SpdEntry& entry, std::span<const uint8_t> packet, bool expired);
  // Keeps a fragment of a datagram that transport mode wants whole. True if it is, and `flow_` is then its own.
  bool reassembled(const SpdEntry& entry, std::span<const uint8_t> fragment);
  // Tells the sender of a packet that is too big, as often as a second can bear.
  void answerTooBig(std::span<const uint8_t> packet, uint32_t limit);
  void pass(std::span<const uint8_t> packet);
  // False if the packet must not go: it was too big, and its sender has been told, or it has gone in fragments.
  bool fits(Sa& sa, std::span<const uint8_t> packet, bool& mayJoin);
  // Where a packet of `length` is put. What leaves through UDP is packed without gaps, so that a super-packet is one
  // piece of memory.
  void place(esp::OutboundPacket& packet, uint32_t length, bool packed);
  void queue(const esp::OutboundPacket& packet, Sa& sa, bool mayJoin);
  // Cuts the inner packet so that each outer one fits its path (RFC 4301 8.1).
  void fragmentInside(Sa& sa, uint32_t limit);
  void seal();
  void flush();

  const Tun& tun_;
  const Ports& ports_;
  SpdCache spd_;
  Sad& sad_;
  Reporter& reporter_;
  Sender sender_;
  Segmenter segmenter_;
  Flow flow_;
  FragmentPorts fragments_;
  Reassembly reassembly_;
  TrainSealer trains_;
  OutboundBundle bundle_;
  Arena super_;
  // One packet on its way to the bundle or to pieces.
  Arena whole_;
  Fragmenter fragmenter_;
  Arena arena_;
  const size_t arenaBytes_;
  size_t used_ = 0;
  // ICMP answers of the second that began then.
  uint64_t answersSinceNs_ = 0;
  uint32_t answers_ = 0;
  struct Origin {
    Sa* sa;
    bool mayJoin;
  };
  std::vector<esp::OutboundPacket> packets_;
  std::vector<Origin> origins_;
};

}  // namespace rp::dataplane
