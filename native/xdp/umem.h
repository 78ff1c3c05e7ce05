// UMEM: the packet memory that user space and the kernel share, in frames of one size.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/mapping.h"

namespace rp::xdp {

struct UmemOptions {
  uint32_t frames = 4096;      // of all sockets that share it; a power of two is not needed
  uint32_t frameBytes = 2048;  // 2048 or 4096: what the kernel calls a chunk, a power of two up to a page
  uint32_t headroom = 0;       // bytes in front of each received packet, beside the 256 of XDP's own
  bool hugePages = true;       // if there are any; ordinary pages otherwise
};

// Frames are named by the offset of their first byte. Not for several threads at once: each has its own UMEM.
class Umem {
 public:
  // Throws ArgumentError for a shape that the kernel would refuse, SystemError if there is no memory.
  explicit Umem(const UmemOptions& options);

  uint8_t* data() const { return memory_.data(); }
  size_t size() const { return size_t{options_.frames} * options_.frameBytes; }
  uint32_t frames() const { return options_.frames; }
  uint32_t frameBytes() const { return options_.frameBytes; }
  uint32_t headroom() const { return options_.headroom; }
  bool hugePages() const { return huge_; }

  // Whose a frame is: nobody's, the user's, or on loan to the kernel through the socket of that number.
  static constexpr uint8_t kFree = 0, kUser = 1;
  uint8_t owner(uint64_t address) const { return owner_[index(address)]; }
  void lend(uint64_t address, uint8_t socket) { owner_[index(address)] = socket; }
  // A number for a new socket. Throws ArgumentError when there are 254.
  uint8_t join();
  // The socket is closed: what the kernel still had is free.
  void leave(uint8_t socket);

  size_t free() const { return free_.size(); }
  // A frame that is not in use, now the user's; or kNone.
  static constexpr uint64_t kNone = ~uint64_t{0};
  uint64_t take() {
    if (free_.empty()) return kNone;
    const uint64_t frame = free_.back();
    free_.pop_back();
    owner_[index(frame)] = kUser;
    return frame;
  }
  // Any address inside the frame will do: the kernel moves it by headroom and by what programs took off the packet.
  void give(uint64_t address) {
    owner_[index(address)] = kFree;
    free_.push_back(address & ~uint64_t{options_.frameBytes - 1});
  }

 private:
  size_t index(uint64_t address) const { return address >> shift_; }

  UmemOptions options_;
  unsigned shift_ = 11;
  bool huge_ = false;
  Mapping memory_;
  std::vector<uint64_t> free_;
  std::vector<uint8_t> owner_;
  std::vector<bool> sockets_ = std::vector<bool>(256);
};

}  // namespace rp::xdp
