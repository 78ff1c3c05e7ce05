#include "dataplane/packet_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <cerrno>

#include "base/error.h"
#include "dataplane/clock.h"

namespace rp::dataplane {
namespace {

// Tags of the epoll set; a port's tag is its index.
constexpr uint64_t kStopTag = 1000, kTimerTag = 1001, kDeviceTag = 1002, kMonitorTag = 1003;
// The AF_XDP port of an index.
constexpr uint64_t kXdpTag = 2000;
// How late a lifetime in seconds may be noticed on an SA that carries nothing.
constexpr long kTickNs = 250'000'000;
constexpr size_t kSasPerTick = 8192;
// How often a device that somebody deleted is asked for again.
constexpr uint64_t kRetryNs = 250'000'000;

bool isTraffic(uint64_t tag) { return tag != kStopTag && tag != kTimerTag && tag != kMonitorTag; }

Fd made(int fd, const char* syscall) {
  if (fd < 0) throw SystemError(errno, syscall);
  return Fd(fd);
}

void notify(int fd) {
  const uint64_t one = 1;
  // It fails only when the counter is full, and then the reader has been told.
  (void)!::write(fd, &one, sizeof one);
}

void drain(int fd) {
  uint64_t value;
  (void)!::read(fd, &value, sizeof value);
}

}  // namespace

PacketThread::PacketThread(const Options& o, Shared& shared, size_t index, const PacketThread* first)
    : shared_(shared),
      index_(index),
      polling_(uint64_t{o.pollUs} * 1000),
      events_(o.sizes.events),
      ike_(o.sizes.ikeBytes),
      reporter_((*shared.counters)[index], events_, shared.reports),
      tun_(first == nullptr ? Tun(o.device, o.mtu, o.threads > 1) : first->tun_.queue()),
      ports_(o, first == nullptr ? nullptr : &first->ports_),
      xdp_(o, index, first == nullptr ? nullptr : &first->xdp_),
      outbound_(tun_, ports_, xdp_, shared.spd, shared.sad, reporter_, o.sizes),
      inbound_(tun_, shared.spd, shared.sad, reporter_, ike_, o.sizes),
      epoll_(made(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      toThread_(made(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      timer_(made(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")) {
  watch(toThread_.get(), kStopTag);
  watch(tun_.fd(), kDeviceTag);
  for (size_t i = 0; i < ports_.all().size(); ++i)
    if (ports_.all()[i].kind() != PortKind::kDirect) watch(ports_.all()[i].fd(), i);
  for (size_t i = 0; i < xdp_.all().size(); ++i) watch(xdp_.all()[i]->fd(), kXdpTag + i);
  if (xdp_.monitor() >= 0) watch(xdp_.monitor(), kMonitorTag);
  setTime();
  if (index > 0) return;
  shared_.device = tun_.index();
  itimerspec period{};
  period.it_interval.tv_nsec = period.it_value.tv_nsec = kTickNs;
  ::timerfd_settime(timer_.get(), 0, &period, nullptr);
  watch(timer_.get(), kTimerTag);
}

void PacketThread::start() {
  // Signals are the event loop's: the thread starts with all of them blocked.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "rp-packets");
}

PacketThread::~PacketThread() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  notify(toThread_.get());
  thread_.join();
}

void PacketThread::watch(int fd, uint64_t tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw SystemError(errno, "epoll_ctl");
}

void PacketThread::setTime() { reporter_.setTime(monotonicNs(), realtimeMs()); }

void PacketThread::tick() {
  drain(timer_.get());
  if (shared_.input) shared_.input->count(reporter_);
  // Of very many SAs the look at all of them is dear, so it is taken more seldom: 100,000 are told 3 seconds late.
  const uint64_t every = 1 + shared_.sad.size() / kSasPerTick;
  if (++ticks_ % every != 0) return;
  shared_.sad.each([this, every](Sa& sa) {
    reporter_.expire(sa);
    if (sa.dummiesPerSecond != 0 && sa.direction() == Direction::kOut) outbound_.dummies(sa, every * kTickNs);
  });
}

void PacketThread::lose(int error, const char* syscall) {
  // Without its device the thread goes on for the others' sake: IKE, and what comes in, is counted.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, tun_.fd(), nullptr);
  lost_ = true;
  triedAtNs_ = reporter_.nowNs();
  // All threads lose it; one tells.
  if (index_ > 0) return;
  shared_.device = 0;
  reporter_.failed(error, syscall);
}

void PacketThread::regain() {
  if (reporter_.nowNs() - triedAtNs_ < kRetryNs) return;
  triedAtNs_ = reporter_.nowNs();
  try {
    if (index_ == 0) {
      Tun made = tun_.again();
      made.up();
      tun_ = std::move(made);
      shared_.device = tun_.index();
    } else {
      const int device = shared_.device;
      if (device == 0 || device == tun_.index()) return;
      Tun joined = tun_.queue();
      // Deleted once more meanwhile, and this is a device of its own then, which must not stay.
      if (joined.index() != device) return;
      tun_ = std::move(joined);
    }
    watch(tun_.fd(), kDeviceTag);
    lost_ = false;
    if (index_ == 0) reporter_.recovered();
  } catch (const SystemError&) {
    // Somebody else has its name now, or there is no permission any more: until that changes.
  }
}

// Without a timer of their own, the threads that have lost their device wake up for it.
int PacketThread::waitMs() const {
  if (polling_.awake(reporter_.nowNs())) return 0;
  return lost_ ? static_cast<int>(kRetryNs / 1'000'000) : -1;
}

void PacketThread::handle(uint64_t tag) {
  if (tag == kTimerTag) {
    tick();
  } else if (tag == kDeviceTag) {
    if (const int error = outbound_.run(); error != 0) lose(error, "read");
  } else if (tag == kMonitorTag) {
    for (const size_t back : xdp_.refresh()) watch(xdp_.all()[back]->fd(), kXdpTag + back);
  } else if (tag >= kXdpTag) {
    inbound_.run(*xdp_.all()[tag - kXdpTag]);
  } else if (tag != kStopTag) {
    inbound_.run(ports_.all()[tag]);
  }
}

void PacketThread::run(const std::stop_token& stop) {
  epoll_event ready[16];
  while (!stop.stop_requested()) {
    const int n = ::epoll_wait(epoll_.get(), ready, 16, waitMs());
    setTime();
    // Whoever else wants this core has it first.
    if (n == 0) ::sched_yield();
    if (lost_) {
      shared_.gate.enter(index_);
      regain();
      shared_.gate.leave(index_);
    }
    for (int i = 0; i < n; ++i) {
      shared_.gate.enter(index_);
      handle(ready[i].data.u64);
      shared_.gate.leave(index_);
      if (isTraffic(ready[i].data.u64)) polling_.worked(reporter_.nowNs());
    }
    if (reporter_.takeWake()) notify(shared_.toOwner);
  }
}

}  // namespace rp::dataplane
