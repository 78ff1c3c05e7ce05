#include "xdp/socket.h"

#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <thread>

#include "base/error.h"

#ifndef SO_PREFER_BUSY_POLL  // Linux 5.11
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif

namespace rp::xdp {
namespace {

void set(int fd, int option, const void* value, socklen_t bytes, const char* name) {
  if (::setsockopt(fd, SOL_XDP, option, value, bytes) == 0) return;
  // The UMEM is pinned: it counts against RLIMIT_MEMLOCK for who lacks CAP_IPC_LOCK.
  const bool limit = errno == ENOBUFS && option == XDP_UMEM_REG;
  throw SystemError(errno, "setsockopt", std::string(name) + (limit ? " (RLIMIT_MEMLOCK; see ulimit -l)" : ""));
}

}  // namespace

Socket::Socket(std::shared_ptr<Umem> umem, const SocketOptions& options, const Socket* sibling)
    : umem_(std::move(umem)), options_(options) {
  if (!std::has_single_bit(options.ringEntries) || options.ringEntries > 32768)
    throw ArgumentError("ringEntries: not a power of two up to 32768");
  if (sibling != nullptr && sibling->umem_ != umem_) throw ArgumentError("sibling: has another UMEM");
  index_ = ::if_nametoindex(options.interface.c_str());
  if (index_ == 0) throw SystemError(ENODEV, "if_nametoindex", options.interface);
  number_ = umem_->join();
  try {
    open(sibling);
  } catch (...) {
    fd_.reset();
    umem_->leave(number_);
    throw;
  }
}

Socket::~Socket() {
  fd_.reset();
  umem_->leave(number_);
}

void Socket::open(const Socket* sibling) {
  // A driver without zero-copy says so by refusing to bind, and the socket is of no use afterwards. A sibling's mode is
  // everybody's.
  if (sibling == nullptr && options_.binding != Binding::kCopy) {
    try {
      open(sibling, XDP_ZEROCOPY);
      return;
    } catch (const SystemError& error) {
      const bool unable = error.err == EOPNOTSUPP || error.err == EINVAL || error.err == ENOSYS;
      if (!unable || error.syscall != "bind" || options_.binding == Binding::kZeroCopy) throw;
    }
  }
  open(sibling, XDP_COPY);
}

bool Socket::attached() const { return ::if_nametoindex(options_.interface.c_str()) == index_; }

std::string Socket::where() const { return options_.interface + " queue " + std::to_string(options_.queue); }

void Socket::open(const Socket* sibling, uint16_t flags) {
  fd_ = Fd(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd_ && errno == EAFNOSUPPORT) throw UnsupportedError("AF_XDP (CONFIG_XDP_SOCKETS)", "4.18");
  if (!fd_) throw SystemError(errno, "socket", errno == EPERM ? "AF_XDP (needs CAP_NET_RAW)" : "AF_XDP");
  configure(sibling);
  sockaddr_xdp name{};
  name.sxdp_family = AF_XDP;
  name.sxdp_ifindex = index_;
  name.sxdp_queue_id = options_.queue;
  if (sibling == nullptr) {
    name.sxdp_flags = static_cast<uint16_t>(flags | XDP_USE_NEED_WAKEUP);
  } else {
    // The mode is the sibling's; the kernel refuses flags beside this one.
    name.sxdp_flags = XDP_SHARED_UMEM;
    name.sxdp_shared_umem_fd = static_cast<uint32_t>(sibling->fd());
  }
  // The kernel frees a queue some milliseconds after the socket that had it was closed.
  for (int tries = 0; ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0; ++tries) {
    if (errno != EBUSY || tries == 20) throw SystemError(errno, "bind", where());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  xdp_options got{};
  socklen_t bytes = sizeof got;
  if (::getsockopt(fd_.get(), SOL_XDP, XDP_OPTIONS, &got, &bytes) == 0)
    zeroCopy_ = (got.flags & XDP_OPTIONS_ZEROCOPY) != 0;
  refill();
}

void Socket::configure(const Socket* sibling) {
  if (sibling == nullptr) {
    xdp_umem_reg reg{};
    reg.addr = reinterpret_cast<uintptr_t>(umem_->data());
    reg.len = umem_->size();
    reg.chunk_size = umem_->frameBytes();
    reg.headroom = umem_->headroom();
    set(fd_.get(), XDP_UMEM_REG, &reg, sizeof reg, "XDP_UMEM_REG");
  }
  const int entries = static_cast<int>(options_.ringEntries);
  set(fd_.get(), XDP_UMEM_FILL_RING, &entries, sizeof entries, "XDP_UMEM_FILL_RING");
  set(fd_.get(), XDP_UMEM_COMPLETION_RING, &entries, sizeof entries, "XDP_UMEM_COMPLETION_RING");
  set(fd_.get(), XDP_RX_RING, &entries, sizeof entries, "XDP_RX_RING");
  set(fd_.get(), XDP_TX_RING, &entries, sizeof entries, "XDP_TX_RING");
  xdp_mmap_offsets offsets{};
  socklen_t bytes = sizeof offsets;
  if (::getsockopt(fd_.get(), SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &bytes) != 0)
    throw SystemError(errno, "getsockopt", "XDP_MMAP_OFFSETS");
  // Before 5.4 there are no flags, and so no way to know whether the kernel sleeps.
  if (bytes != sizeof offsets) throw UnsupportedError("AF_XDP with need-wakeup", "5.4");
  fill_ = map<ProducerRing<uint64_t>>(XDP_UMEM_PGOFF_FILL_RING, offsets.fr, sizeof(uint64_t));
  completion_ = map<ConsumerRing<uint64_t>>(XDP_UMEM_PGOFF_COMPLETION_RING, offsets.cr, sizeof(uint64_t));
  rx_ = map<ConsumerRing<xdp_desc>>(XDP_PGOFF_RX_RING, offsets.rx, sizeof(xdp_desc));
  tx_ = map<ProducerRing<xdp_desc>>(XDP_PGOFF_TX_RING, offsets.tx, sizeof(xdp_desc));
  if (options_.busyPollMicroseconds == 0) return;
  const int on = 1, microseconds = static_cast<int>(options_.busyPollMicroseconds);
  const int budget = static_cast<int>(options_.busyPollBudget);
  busyPolling_ = ::setsockopt(fd_.get(), SOL_SOCKET, SO_PREFER_BUSY_POLL, &on, sizeof on) == 0 &&
                 ::setsockopt(fd_.get(), SOL_SOCKET, SO_BUSY_POLL, &microseconds, sizeof microseconds) == 0 &&
                 ::setsockopt(fd_.get(), SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget, sizeof budget) == 0;
  if (!busyPolling_) {
    if (errno == ENOPROTOOPT) throw UnsupportedError("preferred busy polling", "5.11");
    throw SystemError(errno, "setsockopt", errno == EPERM ? "SO_BUSY_POLL (needs CAP_NET_ADMIN)" : "SO_BUSY_POLL");
  }
}

template <class RingType>
RingType Socket::map(uint64_t page, const xdp_ring_offset& offsets, size_t entryBytes) {
  const size_t bytes = offsets.desc + options_.ringEntries * entryBytes;
  // off_t has 64 bits on every architecture that this is built for.
  void* memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_.get(), static_cast<off_t>(page));
  if (memory == MAP_FAILED) throw SystemError(errno, "mmap", "a ring of AF_XDP");
  return RingType(Mapping(memory, bytes), offsets, options_.ringEntries);
}

void Socket::refill() {
  // Half of the memory at most: received packets must not leave nothing to send from.
  const uint32_t wanted = static_cast<uint32_t>(
      std::min<size_t>(fill_.size(), umem_->free() > umem_->frames() / 2 ? umem_->free() - umem_->frames() / 2 : 0));
  const uint32_t count = fill_.reserve(wanted);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t frame = umem_->take();
    umem_->lend(frame, number_);
    fill_[fill_.index() + i] = frame;
  }
  if (count > 0) fill_.submit(count);
}

size_t Socket::receive(std::span<Frame> frames) {
  const uint32_t count = rx_.peek(static_cast<uint32_t>(frames.size()));
  for (uint32_t i = 0; i < count; ++i) {
    const xdp_desc& descriptor = rx_[rx_.index() + i];
    frames[i] = {descriptor.addr, descriptor.len};
    umem_->lend(descriptor.addr, Umem::kUser);
  }
  if (count > 0) rx_.release(count);
  reclaim();
  refill();
  // A driver that ran out of frames, or that busy polling drives, waits for a call.
  if (busyPolling_ || fill_.needsWakeup()) (void)::recvfrom(fd_.get(), nullptr, 0, MSG_DONTWAIT, nullptr, nullptr);
  return count;
}

void Socket::release(std::span<const Frame> frames) {
  for (const Frame& frame : frames) umem_->give(frame.address);
}

size_t Socket::send(std::span<const Frame> frames) {
  reclaim();
  const uint32_t count = tx_.reserve(static_cast<uint32_t>(frames.size()));
  for (uint32_t i = 0; i < count; ++i) {
    umem_->lend(frames[i].address, number_);
    tx_[tx_.index() + i] = {frames[i].address, frames[i].bytes, 0};
  }
  if (count > 0) tx_.submit(count);
  inFlight_ += count;
  if (inFlight_ > 0) kick();
  return count;
}

size_t Socket::reclaim() {
  const uint32_t count = completion_.peek(completion_.size());
  for (uint32_t i = 0; i < count; ++i) umem_->give(completion_[completion_.index() + i]);
  if (count > 0) completion_.release(count);
  inFlight_ -= count;
  return count;
}

void Socket::kick() {
  if (!tx_.needsWakeup() && !busyPolling_) return;
  // Copy mode sends at most 32 packets a call (TX_BATCH_SIZE) and says EAGAIN when there are more.
  for (uint32_t sent = 0; sent <= inFlight_; sent += 32) {
    if (::sendto(fd_.get(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) >= 0) return;
    if (errno == EBUSY || errno == ENOBUFS || errno == EINTR) return;  // the device's queue is full: it goes on later
    if (errno == EAGAIN) continue;
    // ENETDOWN and ENXIO pass when the interface comes back; the packets wait in the ring.
    if (errno == ENETDOWN || errno == ENXIO) return;
    throw SystemError(errno, "sendto", where());
  }
}

SocketStatistics Socket::statistics() const {
  xdp_statistics got{};
  socklen_t bytes = sizeof got;
  if (::getsockopt(fd_.get(), SOL_XDP, XDP_STATISTICS, &got, &bytes) != 0)
    throw SystemError(errno, "getsockopt", "XDP_STATISTICS");
  return {got.rx_dropped,   got.rx_invalid_descs,         got.tx_invalid_descs,
          got.rx_ring_full, got.rx_fill_ring_empty_descs, got.tx_ring_empty_descs};
}

}  // namespace rp::xdp
