#include "dataplane/packet_threads.h"

#include <sys/eventfd.h>

#include <cerrno>

#include "base/error.h"

namespace rp::dataplane {

PacketThreads::PacketThreads(const Options& o)
    : toOwner_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), shared_(std::make_unique<Shared>(o.threads, toOwner_.get())) {
  if (!toOwner_) throw SystemError(errno, "eventfd");
  for (size_t i = 0; i < o.threads; ++i)
    threads_.push_back(std::make_unique<PacketThread>(o, *shared_, i, i == 0 ? nullptr : threads_.front().get()));
  filterInput(o);
  threads_.front()->ports().steer(o.threads);
  threads_.front()->tun().up();
  for (const auto& thread : threads_) thread->start();
}

void PacketThreads::filterInput(const Options& o) {
  try {
    shared_->input = std::make_unique<InputFilter>(o.device, o.ikePort, o.natPort);
  } catch (const UnsupportedError& error) {
    lacking_ = error.what();
  } catch (const NetlinkError& error) {
    lacking_ = error.what();
  }
}

PacketThreads::~PacketThreads() {
  // The first one last: the others use its sockets.
  while (!threads_.empty()) threads_.pop_back();
}

bool PacketThreads::pop(Event& event) {
  for (const auto& thread : threads_)
    if (thread->events().pop(event)) return true;
  return false;
}

}  // namespace rp::dataplane
