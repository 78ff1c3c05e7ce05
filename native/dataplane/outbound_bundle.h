// Everything outbound but one ESP of packets that fit: AH, IPComp, bundles of SAs, datagrams longer than the device's
// MTU (RFC 4301 5.1, appendix E). One packet at a time, the outer fragments made here.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "dataplane/arena.h"
#include "dataplane/fragmenter.h"
#include "dataplane/reporter.h"
#include "dataplane/sad.h"
#include "dataplane/sender.h"

namespace rp::dataplane {

// Belongs to one thread.
class OutboundBundle {
 public:
  static constexpr size_t kTemplates = 4;

  OutboundBundle(const Ports& ports, Sad& sad, Reporter& reporter, Sender& sender);

  // Finds the SAs of a policy for packets of `flow`. False if one is missing: `expired()` says whether there was one.
  bool choose(const Policy& policy, const Flow& flow);
  bool expired() const { return expired_; }
  // None: all templates are optional and have no SA.
  bool empty() const { return count_ == 0; }
  // The longest IP packet whose outer one fits its path unfragmented, as the kernel knows the path; 0 if it does not.
  uint32_t limit();
  // Protects the packet with the SAs that were chosen, innermost first, and sends it. What cannot be is dropped and
  // counted.
  void protect(std::span<const uint8_t> packet);

 private:
  static constexpr uint32_t kHeadroom = 512, kTailroom = 256, kPacketBytes = 65536;

  bool apply(esp::OutboundPacket& packet, size_t index);
  // A whole IP packet, in fragments if need be.
  void send(std::span<uint8_t> packet, const Sa& sa);

  const Ports& ports_;
  Sad& sad_;
  Reporter& reporter_;
  Sender& sender_;
  Arena buffer_, fragments_;
  Fragmenter fragmenter_;
  std::array<Sa*, kTemplates> chosen_{};
  size_t count_ = 0;
  bool expired_ = false;
  uint32_t identification_ = 0;
};

}  // namespace rp::dataplane
