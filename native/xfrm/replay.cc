#include "xfrm/replay.h"

namespace rp::xfrm {
namespace {

constexpr size_t kEsnHeader = sizeof(xfrm_replay_state_esn);

uint32_t low(uint64_t n) { return static_cast<uint32_t>(n); }
uint32_t high(uint64_t n) { return static_cast<uint32_t>(n >> 32); }

}  // namespace

void Replay::put(netlink::Request& request) const {
  if (window > kMaximumWindow) throw ArgumentError("window: more than 4096 packets");
  if (!esnFormat) {
    request.put(NLA(XFRMA_REPLAY_VAL),
                xfrm_replay_state{low(outbound), low(inbound), bitmap.empty() ? 0 : bitmap.front()});
    return;
  }
  std::vector<uint32_t> words(kEsnHeader / 4 + (window + 31) / 32);
  words[0] = (window + 31) / 32;
  words[1] = low(outbound);
  words[2] = low(inbound);
  words[3] = high(outbound);
  words[4] = high(inbound);
  words[5] = window;
  for (size_t i = 0; i < bitmap.size() && kEsnHeader / 4 + i < words.size(); ++i) words[kEsnHeader / 4 + i] = bitmap[i];
  request.put(NLA(XFRMA_REPLAY_ESN_VAL),
              netlink::Bytes(reinterpret_cast<const uint8_t*>(words.data()), words.size() * 4));
}

std::optional<Replay> Replay::decode(const netlink::Attribute& attribute) {
  const auto state = attribute.as<xfrm_replay_state>();
  if (!state) return std::nullopt;
  Replay replay;
  replay.outbound = state->oseq;
  replay.inbound = state->seq;
  replay.bitmap = {state->bitmap};
  return replay;
}

std::optional<Replay> Replay::decodeEsn(const netlink::Attribute& attribute) {
  struct Header {
    uint32_t words, oseq, seq, oseqHigh, seqHigh, window;
  };
  static_assert(sizeof(Header) == kEsnHeader);
  const auto header = attribute.as<Header>();
  if (!header || header->words > kMaximumWindow / 32) return std::nullopt;
  if (attribute.payload.size() < kEsnHeader + size_t{header->words} * 4) return std::nullopt;
  Replay replay;
  replay.esnFormat = true;
  replay.outbound = uint64_t{header->oseqHigh} << 32 | header->oseq;
  replay.inbound = uint64_t{header->seqHigh} << 32 | header->seq;
  replay.window = header->window;
  replay.bitmap.resize(header->words);
  if (header->words != 0) std::memcpy(replay.bitmap.data(), attribute.payload.data() + kEsnHeader, header->words * 4);
  return replay;
}

}  // namespace rp::xfrm
