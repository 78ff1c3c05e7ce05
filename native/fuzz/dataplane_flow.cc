// Inner packets and super-packets behind a virtio header: parse, cut, join.
#include <vector>

#include "dataplane/coalescer.h"
#include "dataplane/icmp.h"
#include "dataplane/segmenter.h"

using namespace rp::dataplane;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  VnetHeader header;
  if (size < sizeof header) return 0;
  std::memcpy(&header, data, sizeof header);
  // Copied, so that a read behind the end is seen.
  const std::vector<uint8_t> packet(data + sizeof header, data + size);
  Flow flow;
  if (!parseFlow(packet, flow)) return 0;
  uint8_t answer[kIcmpBytes];
  packetTooBig(packet, flow, 1280, answer);
  Segmenter segmenter;
  if (!segmenter.begin(header, packet, flow) || segmenter.count() > 4096) return 0;
  std::vector<std::vector<uint8_t>> segments;
  while (!segmenter.done()) {
    std::vector<uint8_t> to(segmenter.longest());
    to.resize(segmenter.next(to.data()));
    segments.push_back(std::move(to));
  }
  Coalescer coalescer([](auto, auto, auto) {}, true);
  for (const auto& segment : segments) {
    Flow part;
    if (parseFlow(segment, part)) coalescer.add(segment, part);
  }
  coalescer.flush();
  return 0;
}
