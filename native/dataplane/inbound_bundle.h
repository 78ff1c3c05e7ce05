// What is protected more than once (RFC 4301 5.2, appendix E): a packet that comes out of one SA and is itself ESP, AH
// or IPComp for this gateway goes through the SAD again.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "dataplane/arena.h"
#include "dataplane/policy.h"
#include "dataplane/reporter.h"
#include "dataplane/sad.h"
#include "esp/decapsulate.h"

namespace rp::dataplane {

// Belongs to one thread.
class InboundBundle {
 public:
  static constexpr size_t kSas = 4;

  InboundBundle(Sad& sad, Reporter& reporter);

  // True if there is more to open in a packet that `sa` gave.
  bool isNested(const esp::InboundPacket& packet, const Sa& sa);
  // Opens all of it; the result is in memory of this object until the next call. False: dropped and counted.
  bool open(esp::InboundPacket& packet, Sa& sa, const Address& remote);
  // Whether the SAs it went through are those that the policy asks for.
  bool matches(const Policy& policy) const;
  // The same of one SA, for a bundle whose other templates need not be there.
  static bool isOnly(const Policy& policy, const Sa& sa);
  // Whether the SAs were negotiated for such packets: each for what it carried itself, or for what is inside of all.
  bool admits(const Flow& inner) const;
  const Sa& innermost() const { return *layers_[count_ - 1].sa; }

 private:
  struct Layer {
    Sa* sa;
    Flow inner;
  };
  static constexpr uint32_t kHeadroom = 512, kPacketBytes = 65536, kTailroom = 128;

  static bool matches(const Policy& policy, std::span<const Layer> layers, bool uncompressed);
  void push(Sa& sa, const esp::InboundPacket& packet);
  bool step(esp::InboundPacket& packet, const Address& remote);

  Sad& sad_;
  Reporter& reporter_;
  Arena buffer_;
  std::array<Layer, kSas> layers_{};
  size_t count_ = 0;
  // IPComp that did not shrink the packet left an outer IP header without its own (RFC 3173 2.2).
  bool uncompressed_ = false;
};

}  // namespace rp::dataplane
