// A bounded ring of whole datagrams from one thread to another: how IKE messages leave the packet thread.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "dataplane/endpoint.h"

namespace rp::dataplane {

// One producer, one consumer, no lock, allocated and touched at construction. Records lie in a byte ring and may wrap.
class DatagramRing {
 public:
  // `capacity` in bytes, a power of two.
  explicit DatagramRing(size_t capacity)
      : bytes_(std::make_unique<uint8_t[]>(capacity)), mask_(capacity - 1), capacity_(capacity) {}

  // False if there is no room: the datagram is not queued.
  bool push(const Endpoint& local, const Endpoint& remote, std::span<const uint8_t> data) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    const size_t used = tail - head_.load(std::memory_order_acquire);
    if (sizeof(Header) + data.size() > capacity_ - used) return false;
    const Header header{local, remote, static_cast<uint32_t>(data.size())};
    write(tail, &header, sizeof header);
    write(tail + sizeof header, data.data(), data.size());
    tail_.store(tail + sizeof header + data.size(), std::memory_order_release);
    return true;
  }

  // Hands over the oldest datagram: `take(local, remote, length, copy)`, where copy(to) writes `length` bytes. False if
  // there is none.
  template <class Take>
  bool pop(Take&& take) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    Header header;
    read(head, &header, sizeof header);
    take(header.local, header.remote, header.length,
         [&](uint8_t* to) { read(head + sizeof header, to, header.length); });
    head_.store(head + sizeof header + header.length, std::memory_order_release);
    return true;
  }

 private:
  struct Header {
    Endpoint local, remote;
    uint32_t length = 0;
  };
  void write(size_t at, const void* from, size_t n) {
    const size_t start = at & mask_, first = n < capacity_ - start ? n : capacity_ - start;
    if (n == 0) return;
    std::memcpy(&bytes_[start], from, first);
    if (n > first) std::memcpy(&bytes_[0], static_cast<const uint8_t*>(from) + first, n - first);
  }
  void read(size_t at, void* to, size_t n) const {
    const size_t start = at & mask_, first = n < capacity_ - start ? n : capacity_ - start;
    if (n == 0) return;
    std::memcpy(to, &bytes_[start], first);
    if (n > first) std::memcpy(static_cast<uint8_t*>(to) + first, &bytes_[0], n - first);
  }

  std::unique_ptr<uint8_t[]> bytes_;
  size_t mask_, capacity_;
  alignas(64) std::atomic<size_t> head_{0};
  alignas(64) std::atomic<size_t> tail_{0};
};

}  // namespace rp::dataplane
