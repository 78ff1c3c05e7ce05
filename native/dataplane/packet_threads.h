// The data plane: its databases, and the packet threads that share them.
#pragma once
#include <memory>
#include <vector>

#include "dataplane/packet_thread.h"

namespace rp::dataplane {

class PacketThreads {
 public:
  static constexpr uint32_t kMaximum = 64;

  // Device and sockets are made here, in the network namespace of the caller, and the threads start. Throws
  // SystemError.
  explicit PacketThreads(const Options& options);
  ~PacketThreads();

  // Runs `body` while no packet thread is in the middle of a batch. Never call it from inside `body`.
  template <class Body>
  void call(Body&& body) {
    shared_->gate.alone(body);
  }

  // Only inside call():
  Spd& spd() { return shared_->spd; }
  Sad& sad() { return shared_->sad; }

  // From any thread:
  // Of the device; 0 while there is none.
  int device() const { return shared_->device; }
  const Ports& ports() const { return threads_.front()->ports(); }
  // nullptr if the kernel cannot; `lacking` says what it lacks.
  InputFilter* input() const { return shared_->input.get(); }
  const std::string& lacking() const { return lacking_; }
  std::vector<XdpState> xdp() const { return threads_.front()->xdp().states(); }
  uint64_t count(Counter counter) const { return shared_->counters->total(counter); }
  // The counters outlive the threads for those who still look at them.
  std::shared_ptr<CounterPages> counters() const { return shared_->counters; }

  // For one reader: `eventFd` becomes readable when one of these has something.
  int eventFd() const { return toOwner_.get(); }
  bool pop(Event& event);
  template <class Take>
  bool popIke(Take&& take) {
    for (const auto& thread : threads_)
      if (thread->ike().pop(take)) return true;
    return false;
  }

 private:
  Fd toOwner_;
  std::unique_ptr<Shared> shared_;
  std::string lacking_;
  std::vector<std::unique_ptr<PacketThread>> threads_;

  void filterInput(const Options& options);
};

}  // namespace rp::dataplane
