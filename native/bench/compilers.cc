#include "bench/compilers.h"

#include <cstring>
#include <string_view>

#include "crypto/kernel.h"

// The linker makes these for a section whose name is an identifier.
extern "C" {
extern const char __start_rp_compiled_by[] __attribute__((visibility("hidden")));
extern const char __stop_rp_compiled_by[] __attribute__((visibility("hidden")));
}

namespace rp::bench {

std::vector<Compiler> compilers() {
  std::vector<Compiler> all;
  const char* p = __start_rp_compiled_by;
  while (p < __stop_rp_compiled_by) {
    const std::string_view note(p, ::strnlen(p, size_t(__stop_rp_compiled_by - p)));
    p += note.size() + 1;
    const size_t tab = note.find('\t');
    // Padding between units.
    if (tab == std::string_view::npos) continue;
    const std::string_view path = note.substr(0, tab);
    all.push_back({std::string(path.substr(path.rfind('/') + 1)), std::string(note.substr(tab + 1))});
  }
  return all;
}

}  // namespace rp::bench
