// Memory between two pages that may not be touched.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace rp::test {

class Guarded {
 public:
  explicit Guarded(size_t bytes) {
    const size_t page = size_t(sysconf(_SC_PAGESIZE));
    inner_ = (bytes + page - 1) / page * page;
    base_ = static_cast<uint8_t*>(
        mmap(nullptr, inner_ + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    start_ = base_ + page;
    mprotect(start_, inner_, PROT_READ | PROT_WRITE);
    total_ = inner_ + 2 * page;
  }
  ~Guarded() { munmap(base_, total_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  // `bytes` whose end is the end of the page, or whose start is its start.
  uint8_t* atEnd(size_t bytes) { return start_ + inner_ - bytes; }
  uint8_t* atStart() { return start_; }

 private:
  uint8_t *base_, *start_;
  size_t inner_, total_;
};

}  // namespace rp::test
