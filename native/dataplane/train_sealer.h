// The outbound fast way: a super-packet of one flow, sealed side by side for one SA and handed over as one.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "dataplane/reporter.h"
#include "dataplane/segmenter.h"
#include "dataplane/sender.h"
#include "esp/outbound_train.h"

namespace rp::dataplane {

class TrainSealer {
 public:
  TrainSealer(Reporter& reporter, Sender& sender) : reporter_(reporter), sender_(sender) {}

  // Whether what `segmenter` cuts goes this way: ESP in UDP in tunnel mode, no limit that each packet may reach, no
  // padding, and enough of them to fill the lanes of what seals them.
  static bool takes(Sa& sa, const Segmenter& segmenter);

  // False: they cannot be protected, and it has been counted.
  bool begin(Sa& sa, const Segmenter& segmenter, std::span<const uint8_t> packet, const Address& destination);
  // Of a packet from SPI to ICV, the last perhaps excepted.
  uint32_t stride() const { return train_.sealedBytes(); }
  // Takes `count` packets from the segmenter, to `to` and on; they must stay there until the sender's flush(). Returns
  // how many bytes they are. If the SA has no numbers left, nothing is left in the segmenter.
  uint32_t run(Segmenter& segmenter, uint32_t count, uint8_t* to);

 private:
  static constexpr uint32_t kMostTogether = 64, kLeastTogether = 8;
  // What is sealed together was copied just before and is in the first-level cache still, beside what it was copied
  // from and the keys.
  static constexpr uint32_t kBytesTogether = 12 * 1024;

  Reporter& reporter_;
  Sender& sender_;
  Sa* sa_ = nullptr;
  std::span<const uint8_t> packet_;
  Address destination_;
  uint32_t inner_ = 0, together_ = 0;
  esp::OutboundTrain train_, last_;
  std::array<crypto::Operation, kMostTogether> operations_;
};

}  // namespace rp::dataplane
