#include "phc/overlay_clock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "base/error.h"
#include "phc/time.h"

namespace rp::phc {
namespace {

constexpr int64_t kMagic = 0x31304b4c4356'4f52;  // "ROVCLK01"
constexpr size_t kPageBytes = 4096;
constexpr double kMostPpb = 1e8;

}  // namespace

struct OverlayClock::Page {
  std::atomic<int64_t> magic;
  std::atomic<int64_t> sequence;
  std::atomic<int64_t> referenceNs;
  std::atomic<int64_t> offsetNs;
  std::atomic<int64_t> fraction;
  std::atomic<int64_t> rate;
};

int64_t OverlayParameters::realAt(int64_t ns) const {
  // Each round takes the error down by the rate, which is far below one.
  int64_t real = ns - offsetNs;
  for (int i = 0; i < 8; ++i) {
    const int64_t error = at(real) - ns;
    if (error == 0) break;
    real -= error;
  }
  return real;
}

OverlayClock::OverlayClock(const std::string& path, Access access) : path_(path), writer_(access == Access::create) {
  if (path.empty()) {
    if (!writer_) throw ArgumentError("path: empty");
    fd_ = Fd(::memfd_create("routeplane-overlay-clock", MFD_CLOEXEC));
    if (!fd_) throw SystemError(errno, "memfd_create");
  } else {
    // Not through a link that somebody put into a directory that all may write.
    const int flags = O_CLOEXEC | O_NOFOLLOW | (writer_ ? O_RDWR | O_CREAT : O_RDONLY);
    fd_ = Fd(::open(path.c_str(), flags, 0644));
    if (!fd_) throw SystemError(errno, "open", path);
    if (writer_ && ::flock(fd_.get(), LOCK_EX | LOCK_NB) < 0)
      throw SystemError(errno == EWOULDBLOCK ? EBUSY : errno, "flock", path);
  }
  struct stat s{};
  if (::fstat(fd_.get(), &s) < 0) throw SystemError(errno, "fstat", path);
  if (writer_ && s.st_size < static_cast<off_t>(kPageBytes)) {
    if (::ftruncate(fd_.get(), kPageBytes) < 0) throw SystemError(errno, "ftruncate", path);
  } else if (s.st_size < static_cast<off_t>(kPageBytes)) {
    throw ArgumentError("path: not an overlay clock");
  }
  void* memory = ::mmap(nullptr, kPageBytes, writer_ ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED) throw SystemError(errno, "mmap", path);
  page_ = static_cast<Page*>(memory);
  if (page_->magic.load() == kMagic) {
    // A writer that was killed between its two writes left it odd.
    if (writer_ && (page_->sequence.load() & 1) != 0) page_->sequence.fetch_add(1);
    return;
  }
  if (!writer_) {
    ::munmap(memory, kPageBytes);
    throw ArgumentError("path: not an overlay clock");
  }
  page_->sequence.store(0);
  write({now(CLOCK_REALTIME), 0, 0, 0});
  page_->magic.store(kMagic);
}

OverlayClock::~OverlayClock() {
  if (page_ != nullptr) ::munmap(page_, kPageBytes);
}

OverlayParameters OverlayClock::parameters() const {
  // A writer is at it for some nanoseconds; one that died there is not waited for.
  for (int tries = 0; tries < 1'000'000; ++tries) {
    const int64_t before = page_->sequence.load(std::memory_order_acquire);
    const OverlayParameters p{
        page_->referenceNs.load(std::memory_order_relaxed), page_->offsetNs.load(std::memory_order_relaxed),
        page_->fraction.load(std::memory_order_relaxed), page_->rate.load(std::memory_order_relaxed)};
    std::atomic_thread_fence(std::memory_order_acquire);
    if ((before & 1) == 0 && page_->sequence.load(std::memory_order_relaxed) == before) return p;
  }
  throw SystemError(EAGAIN, "overlay clock", path_);
}

void OverlayClock::write(const OverlayParameters& next) {
  const int64_t sequence = page_->sequence.load(std::memory_order_relaxed);
  page_->sequence.store(sequence + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  page_->referenceNs.store(next.referenceNs, std::memory_order_relaxed);
  page_->offsetNs.store(next.offsetNs, std::memory_order_relaxed);
  page_->fraction.store(next.fraction, std::memory_order_relaxed);
  page_->rate.store(next.rate, std::memory_order_relaxed);
  page_->sequence.store(sequence + 2, std::memory_order_release);
}

void OverlayClock::requireWriter() const {
  if (!writer_) throw SystemError(EACCES, "overlay clock", path_ + " is open for reading");
}

int64_t OverlayClock::time() const { return at(now(CLOCK_REALTIME)); }

double OverlayClock::frequency() const {
  return std::ldexp(static_cast<double>(parameters().rate) * 1e9, -OverlayParameters::kRateShift);
}

void OverlayClock::setTime(int64_t ns) {
  requireWriter();
  const int64_t real = now(CLOCK_REALTIME);
  write({real, ns - real, 0, parameters().rate});
}

void OverlayClock::step(int64_t ns) {
  requireWriter();
  OverlayParameters p = parameters();
  p.offsetNs += ns;
  write(p);
}

void OverlayClock::setFrequency(double ppb) {
  requireWriter();
  if (!std::isfinite(ppb)) throw ArgumentError("ppb: not a number");
  OverlayParameters p = parameters().rebased(now(CLOCK_REALTIME));
  p.rate = std::llround(std::ldexp(std::clamp(ppb, -kMostPpb, kMostPpb) * 1e-9, OverlayParameters::kRateShift));
  write(p);
}

}  // namespace rp::phc
