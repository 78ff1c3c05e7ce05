#include "process/footprint.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

namespace rp::process {
namespace {

struct Range {
  uintptr_t begin, end;
};

// Segments of loaded objects that nobody may write to: text and read-only data.
std::vector<Range> readOnlySegments() {
  std::vector<Range> segments;
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void* to) {
        for (size_t i = 0; i < object->dlpi_phnum; ++i) {
          const auto& segment = object->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
          const uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
          static_cast<std::vector<Range>*>(to)->push_back({begin, begin + segment.p_memsz});
        }
        return 0;
      },
      &segments);
  return segments;
}

// Mappings of files, read-only, of which no page differs from its file: breakpoints and relocations would be lost, and
// text that was moved to huge pages has no file any more.
std::vector<Range> pristineMappings() {
  std::vector<Range> mappings;
  struct Close {
    void operator()(FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<FILE, Close> smaps(std::fopen("/proc/self/smaps", "re"));
  char line[512];
  Range range{};
  bool candidate = false;
  while (smaps && std::fgets(line, sizeof line, smaps.get()) != nullptr) {
    uintptr_t begin, end;
    char mode[5];
    unsigned long inode, kilobytes;
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*x %*x:%*x %lu", &begin, &end, mode, &inode) == 4) {
      range = {begin, end};
      candidate = mode[0] == 'r' && mode[1] == '-' && mode[3] == 'p' && inode != 0;
    } else if (candidate && std::sscanf(line, "Anonymous: %lu kB", &kilobytes) == 1 && kilobytes == 0) {
      mappings.push_back(range);
    }
  }
  return mappings;
}

}  // namespace

size_t shrink() {
  size_t bytes = 0;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::vector<Range> segments = readOnlySegments();
  for (const Range& mapping : pristineMappings()) {
    for (const Range& segment : segments) {
      const uintptr_t begin = std::max(mapping.begin, segment.begin / page * page);
      const uintptr_t end = std::min(mapping.end, (segment.end + page - 1) / page * page);
      if (begin < end && ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED) == 0)
        bytes += end - begin;
    }
  }
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
  return bytes;
}

}  // namespace rp::process
