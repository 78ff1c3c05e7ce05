#include "xdp/umem.h"

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace rp::xdp {
namespace {

constexpr size_t kHugePage = 2 << 20;
// XDP's own headroom, where programs may grow a packet: the kernel takes it off every frame.
constexpr uint32_t kXdpHeadroom = 256;

void* map(size_t bytes, int flags) {
  // MAP_POPULATE: a page fault costs as much as ten packets.
  return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | flags, -1, 0);
}

}  // namespace

Umem::Umem(const UmemOptions& options) : options_(options) {
  if (options.frameBytes != 2048 && options.frameBytes != 4096)
    throw ArgumentError("frameBytes: neither 2048 nor 4096");
  if (options.frames < 2 || options.frames > (1u << 20)) throw ArgumentError("frames: not 2..1048576");
  if (options.headroom > options.frameBytes - kXdpHeadroom - 64)
    throw ArgumentError("headroom: leaves no room for a packet");
  const size_t bytes = size();
  if (options.hugePages && bytes >= kHugePage) {
    const size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    void* memory = map(whole, MAP_HUGETLB);
    if (memory != MAP_FAILED) {
      memory_ = Mapping(memory, whole);
      huge_ = true;
    }
  }
  if (!huge_) {
    void* memory = map(bytes, 0);
    if (memory == MAP_FAILED) throw SystemError(errno, "mmap", std::to_string(bytes) + " bytes of packet memory");
    memory_ = Mapping(memory, bytes);
  }
  shift_ = options.frameBytes == 2048 ? 11 : 12;
  owner_.resize(options.frames, kFree);
  free_.reserve(options.frames);
  for (uint32_t i = options.frames; i-- > 0;) free_.push_back(uint64_t{i} * options.frameBytes);
}

uint8_t Umem::join() {
  for (unsigned i = kUser + 1; i < 256; ++i) {
    if (sockets_[i]) continue;
    sockets_[i] = true;
    return static_cast<uint8_t>(i);
  }
  throw ArgumentError("umem: 254 sockets have it already");
}

void Umem::leave(uint8_t socket) {
  for (uint64_t i = 0; i < options_.frames; ++i) {
    if (owner_[i] == socket) give(i << shift_);
  }
  sockets_[socket] = false;
}

}  // namespace rp::xdp
