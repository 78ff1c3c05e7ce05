// A packet thread: one loop over one queue of the device and over sockets. What it shares with the other threads it
// touches inside of the gate only.
#pragma once
#include <atomic>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/fd.h"
#include "dataplane/datagram_ring.h"
#include "dataplane/gate.h"
#include "dataplane/inbound.h"
#include "dataplane/input_filter.h"
#include "dataplane/options.h"
#include "dataplane/outbound.h"
#include "dataplane/polling.h"

namespace rp::dataplane {

// What all packet threads of a data plane work with.
struct Shared {
  Shared(size_t threads, int toOwner)
      : counters(std::make_shared<CounterPages>(threads)), reports(*counters), gate(threads), toOwner(toOwner) {}

  std::shared_ptr<CounterPages> counters;
  Reports reports;
  Spd spd;
  Sad sad;
  Gate gate;
  // Index of the device; 0 while there is none, because somebody deleted it. Thread 0 makes it again.
  std::atomic<int> device{0};
  // Nothing where the kernel cannot.
  std::unique_ptr<InputFilter> input;
  // An eventfd: there is something in a queue.
  int toOwner;
};

class PacketThread {
 public:
  // Thread 0 makes the device and all sockets and looks after the lifetimes; the others have a queue of its device and
  // a share of its NAT port. `first` is thread 0, or nullptr for itself. Throws SystemError.
  PacketThread(const Options& options, Shared& shared, size_t index, const PacketThread* first);
  ~PacketThread();

  void start();

  Tun& tun() { return tun_; }
  Ports& ports() { return ports_; }
  const FramePorts& xdp() const { return xdp_; }
  // For one reader.
  EventQueue& events() { return events_; }
  DatagramRing& ike() { return ike_; }

 private:
  void run(const std::stop_token& stop);
  void handle(uint64_t tag);
  void tick();
  void lose(int error, const char* syscall);
  // Tries to have the device, or a queue of it, again.
  void regain();
  int waitMs() const;
  void setTime();
  void watch(int fd, uint64_t tag);

  Shared& shared_;
  const size_t index_;
  uint64_t ticks_ = 0;
  Polling polling_;
  bool lost_ = false;
  uint64_t triedAtNs_ = 0;
  EventQueue events_;
  DatagramRing ike_;
  Reporter reporter_;
  Tun tun_;
  Ports ports_;
  FramePorts xdp_;
  Outbound outbound_;
  Inbound inbound_;
  Fd epoll_, toThread_, timer_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace rp::dataplane
