// Cuts the super-packets that a TUN device hands over (TSO, USO) into the packets that they stand for.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "dataplane/flow.h"

namespace rp::dataplane {

// struct virtio_net_hdr of <linux/virtio_net.h>, whose field `class` C++ cannot read. Host byte order.
struct VnetHeader {
  uint8_t flags = 0;
  uint8_t gsoType = 0;
  uint16_t headerBytes = 0;
  uint16_t gsoBytes = 0;
  uint16_t checksumStart = 0;
  uint16_t checksumOffset = 0;

  static constexpr uint8_t kNeedsChecksum = 1;
  static constexpr uint8_t kGsoNone = 0, kGsoTcp4 = 1, kGsoTcp6 = 4, kGsoUdp = 5, kGsoEcn = 0x80;
};
static_assert(sizeof(VnetHeader) == 10);

class Segmenter {
 public:
  // False if the header and the packet do not agree; nothing may be taken then. The bytes stay the caller's, and
  // must outlive the last next().
  bool begin(const VnetHeader& header, std::span<const uint8_t> packet, const Flow& flow);
  // The longest packet that next() will write.
  uint32_t longest() const { return longest_; }
  // How many packets it stands for.
  uint32_t count() const {
    return gso_ == 0 ? 1 : (static_cast<uint32_t>(packet_.size()) - headers_ + gso_ - 1) / gso_;
  }
  // How many of them next() has not written yet.
  uint32_t left() const { return taken_ ? 0 : count() - index_; }
  bool done() const { return taken_; }
  // Of the packet that next() will write.
  uint32_t nextLength() const {
    const auto total = static_cast<uint32_t>(packet_.size());
    return gso_ == 0 ? total : headers_ + std::min(gso_, total - offset_);
  }
  // Writes the next packet, checksums completed, and returns its length. `to` has room for longest().
  uint32_t next(uint8_t* to);

 private:
  // What all packets of a super-packet have in common, once: their headers, and the sums of those.
  void prepareHeaders();
  uint32_t whole(uint8_t* to);

  std::span<const uint8_t> packet_;
  VnetHeader header_;
  uint32_t longest_ = 0, headers_ = 0, network_ = 0, offset_ = 0, gso_ = 0;
  uint16_t index_ = 0;
  bool tcp_ = false, taken_ = true;

  static constexpr size_t kMaxHeaders = 320;
  // The fields that differ are zero in it and missing in the sums: IPv4 length, identification and checksum; TCP
  // sequence number and flags; UDP length.
  std::array<uint8_t, kMaxHeaders> prefix_{};
  uint64_t ipSum_ = 0, transportSum_ = 0;
  uint32_t sequence_ = 0;
  uint16_t identification_ = 0;
  uint8_t flags_ = 0;
};

}  // namespace rp::dataplane
