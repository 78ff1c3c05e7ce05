#include "bench/foreign_engine.h"

#include <dlfcn.h>

#include "bench/engines.h"

namespace rp::bench {
namespace {

// Never closed: engines and the library's own state outlive any one user.
void* symbol(const std::string& library, const char* name, std::string& why) {
  if (library.empty()) {
    why = "not built: npm run bench builds it in a source checkout with libipsec-mb-dev installed";
    return nullptr;
  }
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* found = handle != nullptr ? dlsym(handle, name) : nullptr;
  if (found == nullptr) {
    const char* text = dlerror();
    why = text != nullptr ? text : "no such symbol";
  }
  return found;
}

}  // namespace

EngineName foreignName(const std::string& library) {
  EngineName n{"ipsec-mb", "", ""};
  if (void* f = symbol(library, "rpBenchEngineVersion", n.absent)) {
    n.version = reinterpret_cast<decltype(&rpBenchEngineVersion)>(f)();
  }
  return n;
}

std::unique_ptr<Engine> makeForeign(const std::string& library, const EngineSpec& spec) {
  std::string why;
  void* f = symbol(library, "rpBenchEngine", why);
  if (f == nullptr) return nullptr;
  return std::unique_ptr<Engine>(reinterpret_cast<decltype(&rpBenchEngine)>(f)(spec));
}

}  // namespace rp::bench
