#include "dataplane/train_sealer.h"

#include <algorithm>

#include "dataplane/outbound_status.h"

namespace rp::dataplane {

bool TrainSealer::takes(Sa& sa, const Segmenter& segmenter) {
  // AEADs have four lanes for short packets, the hashes of the others sixteen.
  const uint32_t lanes = sa.out().suite().integrity() == crypto::Integrity::none ? 4 : 16;
  return segmenter.count() >= lanes && sa.udp() && sa.mode() == esp::Mode::tunnel &&
         sa.key().protocol == esp::Protocol::esp && !sa.counts() && sa.out().paddedBytes(0) == 0;
}

bool TrainSealer::begin(Sa& sa, const Segmenter& segmenter, std::span<const uint8_t> packet,
                        const Address& destination) {
  sa_ = &sa;
  packet_ = packet;
  destination_ = destination;
  inner_ = segmenter.longest();
  const esp::Status status = train_.begin(sa.out(), packet, inner_);
  if (status != esp::Status::ok) {
    for (uint32_t i = 0; i < segmenter.count(); ++i)
      reporter_.drop(outboundCounterOf(status), destination, sa.key().spi);
    return false;
  }
  const bool aead = sa.out().suite().integrity() == crypto::Integrity::none;
  together_ = aead ? std::clamp(kBytesTogether / stride(), kLeastTogether, kMostTogether) : kMostTogether;
  return true;
}

uint32_t TrainSealer::run(Segmenter& segmenter, uint32_t count, uint8_t* to) {
  uint8_t* at = to;
  uint32_t sealed = 0;
  uint64_t innerBytes = 0;
  while (sealed < count) {
    uint64_t sequence;
    const uint32_t wanted = std::min(count - sealed, together_), taken = sa_->out().take(wanted, sequence);
    for (uint32_t i = 0; i < taken; ++i) {
      const uint32_t bytes = segmenter.nextLength();
      innerBytes += bytes;
      segmenter.next(at + train_.headBytes());
      if (bytes == inner_) {
        train_.wrap(at, sequence + i, operations_[i]);
        at += stride();
      } else {
        // Shorter than what was looked at: it cannot fail.
        (void)last_.begin(sa_->out(), packet_, bytes);
        last_.wrap(at, sequence + i, operations_[i]);
        at += last_.sealedBytes();
      }
    }
    crypto::seal({operations_.data(), taken});
    sealed += taken;
    if (taken == wanted) continue;
    for (; !segmenter.done(); segmenter.next(at))
      reporter_.drop(Counter::kOutStateSequenceErrors, destination_, sa_->key().spi);
    break;
  }
  sa_->use(sealed, innerBytes, reporter_.realtimeMs());
  reporter_.count(Counter::kCipherOutPackets, sealed);
  reporter_.count(Counter::kCipherOutBytes, static_cast<uint64_t>(at - to));
  sender_.addTrain(sa_->out(), train_.tos(), {to, at}, stride(), sealed);
  return static_cast<uint32_t>(at - to);
}

}  // namespace rp::dataplane
