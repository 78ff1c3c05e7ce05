// The rings that AF_XDP shares with the kernel: one side produces, the other consumes, each with a free-running index.
// The four steps have the names that every user of AF_XDP knows: reserve and submit, peek and release.
#pragma once
#include <linux/if_xdp.h>

#include <cstdint>

#include "base/mapping.h"

namespace rp::xdp {

// What both kinds have: where the kernel mapped the indices (struct xdp_ring_offset) and the array of 2^n entries.
template <class Entry>
class Ring {
 public:
  Ring() = default;
  Ring(Mapping mapping, const xdp_ring_offset& offsets, uint32_t entries)
      : mapping_(std::move(mapping)),
        producer_(at<uint32_t>(offsets.producer)),
        consumer_(at<uint32_t>(offsets.consumer)),
        flags_(at<uint32_t>(offsets.flags)),
        entries_(at<Entry>(offsets.desc)),
        size_(entries),
        mask_(entries - 1) {}

  uint32_t size() const { return size_; }
  Entry& operator[](uint32_t index) const { return entries_[index & mask_]; }
  // The kernel sleeps until it is called (XDP_USE_NEED_WAKEUP).
  bool needsWakeup() const { return (__atomic_load_n(flags_, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP) != 0; }

 protected:
  template <class T>
  T* at(uint64_t offset) {
    return reinterpret_cast<T*>(mapping_.data() + offset);
  }

  Mapping mapping_;
  uint32_t* producer_ = nullptr;
  uint32_t* consumer_ = nullptr;
  uint32_t* flags_ = nullptr;
  Entry* entries_ = nullptr;
  uint32_t size_ = 0, mask_ = 0;
  // This side's index, and what it last saw of the other side's: the shared line is read only when that is used up.
  uint32_t mine_ = 0, theirs_ = 0;
};

// Fill and TX.
template <class Entry>
class ProducerRing : public Ring<Entry> {
 public:
  using Ring<Entry>::Ring;

  // Entries that may be written, at most `wanted`, from index() on.
  uint32_t reserve(uint32_t wanted) {
    if (free() < wanted) this->theirs_ = __atomic_load_n(this->consumer_, __ATOMIC_ACQUIRE);
    return wanted < free() ? wanted : free();
  }
  uint32_t index() const { return this->mine_; }
  // Hands the first `count` of what was reserved to the kernel.
  void submit(uint32_t count) {
    this->mine_ += count;
    __atomic_store_n(this->producer_, this->mine_, __ATOMIC_RELEASE);
  }

 private:
  uint32_t free() const { return this->size_ - (this->mine_ - this->theirs_); }
};

// RX and completion.
template <class Entry>
class ConsumerRing : public Ring<Entry> {
 public:
  using Ring<Entry>::Ring;

  // Entries that may be read, at most `wanted`, from index() on.
  uint32_t peek(uint32_t wanted) {
    if (available() < wanted) this->theirs_ = __atomic_load_n(this->producer_, __ATOMIC_ACQUIRE);
    return wanted < available() ? wanted : available();
  }
  uint32_t index() const { return this->mine_; }
  // Gives the first `count` of what was peeked back to the kernel.
  void release(uint32_t count) {
    this->mine_ += count;
    __atomic_store_n(this->consumer_, this->mine_, __ATOMIC_RELEASE);
  }

 private:
  uint32_t available() const { return this->theirs_ - this->mine_; }
};

}  // namespace rp::xdp
